import type { z } from 'zod';
import { modelControls } from '@onda/serving';
import { logFormats, logLevels } from '../telemetry/log.ts';
import type { Option } from './option.ts';
import { list, oneOf, text, toggle, wholeNumber } from './option.ts';

const port = { value: 'port', least: 0, most: 65_535 };
const DAYS_30 = 2_592_000;

/** Implementations of gRPC: @onda/grpc-server and @grpc/grpc-js. */
const grpcEngines = ['onda', 'grpc-js'] as const;

/**
 * Every option of `serve`: the command line, the environment, the configuration file, the help and the check of docs/serving.md
 * are made from this table. `maxSequences` is `--max-sequences`, `ONDA_SERVE_MAX_SEQUENCES`, and `max-sequences` in a file.
 */
const serveOptions = {
  models: text({
    value: 'dir',
    expects: 'a folder of a model repository',
    required: true,
    says: 'folder of a Triton model repository',
  }),
  host: text({
    value: 'host',
    expects: 'an address or a host name',
    pattern: /^[A-Za-z0-9.:_-]{1,253}$/,
    fallback: '127.0.0.1',
    says: 'address of the HTTP, gRPC and metrics ports; the default accepts connections from this machine only',
  }),
  httpPort: wholeNumber({ ...port, fallback: 8000, says: 'HTTP port; 0: a free port' }),
  grpcPort: wholeNumber({ ...port, says: 'gRPC port' }),
  grpcEngine: oneOf({
    value: 'engine',
    words: grpcEngines,
    fallback: 'onda',
    says: 'gRPC implementation: onda, or grpc-js, the reference implementation, at a third of the rate',
  }),
  metricsPort: wholeNumber({
    ...port,
    says: 'port for Prometheus metrics and health checks; no authentication',
  }),
  adminPort: wholeNumber({
    ...port,
    says: 'port for loading and unloading models, on 127.0.0.1; with --grpc-port, gRPC listens on the next port',
  }),
  provider: oneOf({
    value: 'provider',
    words: ['auto', 'cpu', 'cuda'],
    fallback: 'auto',
    says: 'execution provider: cpu, cuda, or auto (CUDA if it is installed)',
  }),
  workers: wholeNumber({
    value: 'threads',
    least: 1,
    most: 64,
    fallback: 1,
    says: 'inference worker threads; each loads every model',
  }),
  modelControl: oneOf({
    value: 'control',
    words: modelControls,
    fallback: 'none',
    says: 'model loading: none (all models at the start), poll (follow changes of the folder), explicit (by calls to --admin-port)',
  }),
  loadModel: list({
    value: 'names',
    expects: 'names of models',
    says: 'models loaded at the start with --model-control explicit, separated by commas',
  }),
  maxModelBytes: wholeNumber({
    value: 'bytes',
    least: 1,
    most: 1_099_511_627_776,
    fallback: 4_294_967_296,
    says: 'maximum size of all loaded model files together, in bytes',
  }),
  allowOperators: list({
    value: 'operators',
    expects: 'operators such as Loop or com.microsoft:Attention',
    says: 'ONNX operators allowed in models besides the default list, separated by commas',
  }),
  maxSequences: wholeNumber({
    value: 'sequences',
    least: 1,
    most: 10_000_000,
    fallback: 10_000,
    says: 'maximum number of live sequences per model; further ones are rejected with 503',
  }),
  sequenceIdleS: wholeNumber({
    value: 'seconds',
    least: 1,
    most: DAYS_30,
    fallback: 60,
    says: 'idle timeout of a sequence, in seconds',
  }),
  state: text({
    value: 'store',
    expects: 'memory, or redis://host:port',
    pattern: /^(memory|rediss?:\/\/\S+)$/,
    fallback: 'memory',
    // Also of an invalid address: a password precedes an "@".
    isSecret: (address) => address.includes('@'),
    says: 'sequence store: memory, or redis://[user:password@]host:port[/database] shared by several processes; nodes of a Redis Cluster are separated by commas',
  }),
  tlsCert: text({
    value: 'file',
    expects: 'a file of certificates in PEM form',
    says: 'file of the certificate, with its chain, for TLS on the HTTP and gRPC ports; read again when it changes',
  }),
  tlsKey: text({
    value: 'file',
    expects: 'a file of a private key in PEM form',
    says: 'file of the private key of --tls-cert; read again when it changes',
  }),
  tokens: text({
    value: 'file',
    expects: 'a file of tokens',
    says: 'file of client tokens, written by `npm run token`; none: no authentication',
  }),
  clientRate: wholeNumber({
    value: 'requests',
    least: 1,
    most: 1_000_000,
    says: 'maximum requests per second of one client; further ones are rejected with 429',
  }),
  clientConcurrent: wholeNumber({
    value: 'requests',
    least: 1,
    most: 1_000_000,
    says: 'maximum concurrent requests of one client; further ones are rejected with 429',
  }),
  corsOrigins: list({
    value: 'origins',
    expects: 'origins such as https://example.org, without a path',
    pattern: /^https?:\/\/[^/,\s]+$/,
    says: 'origins of web pages that may call the service, separated by commas',
  }),
  drainDelayMs: wholeNumber({
    value: 'milliseconds',
    least: 0,
    most: 600_000,
    fallback: 100,
    says: 'time after SIGTERM during which connections are still accepted, for load balancers, in milliseconds',
  }),
  logFormat: oneOf({
    value: 'format',
    words: logFormats,
    fallback: 'text',
    says: 'format of the log on stderr: text, or json (one object per line)',
  }),
  logLevel: oneOf({
    value: 'level',
    words: logLevels,
    fallback: 'info',
    says: 'lowest level that is logged; debug logs each request',
  }),
  json: toggle({ says: 'print one line of JSON to stdout when ready' }),
} satisfies Record<string, Option>;

type ServeOptionName = keyof typeof serveOptions;

/** The values of all options. */
export type ServeOptions = { [Name in ServeOptionName]: z.output<(typeof serveOptions)[Name]['schema']> };

/** The options in the order of the help. */
export const serveOptionList: readonly (readonly [ServeOptionName, Option])[] = (
  Object.keys(serveOptions) as ServeOptionName[]
).map((name) => [name, serveOptions[name] as Option]);
