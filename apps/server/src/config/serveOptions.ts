import type { z } from 'zod';
import { modelControls } from '@onda/serving';
import { logFormats, logLevels } from '../log/createLog.ts';
import { list, oneOf, text, toggle, wholeNumber } from './option.ts';
import type { Option } from './option.ts';

const port = { least: 0, most: 65_535 };
const address = { expects: 'an address or a host name', pattern: /^[A-Za-z0-9.:_-]{1,253}$/ };
const days30 = 2_592_000;
/** Of an address, however badly it is written: what stands before an "@". */
const holdsPassword = (address: string): boolean => address.includes('@');

/**
 * Every option of `serve`, once: the command line, the environment, the configuration file, the help and the check of
 * docs/serving.md are made of this table. `maxBatch` is `--max-batch`, `ONDA_SERVE_MAX_BATCH`, and `max-batch` in a file.
 */
export const serveOptions = {
  models: text({
    value: 'dir',
    expects: 'a folder of a model repository',
    required: true,
    says: 'folder of a model repository, one folder a model',
  }),
  httpPort: wholeNumber({ ...port, value: 'port', fallback: 8000, says: 'port; 0 takes a free one' }),
  grpcPort: wholeNumber({ ...port, value: 'port', says: 'port for gRPC' }),
  metricsPort: wholeNumber({
    ...port,
    value: 'port',
    says: 'port for Prometheus and the probes',
  }),
  adminPort: wholeNumber({
    ...port,
    value: 'port',
    says: 'port for loading and unloading models, on 127.0.0.1 alone',
  }),
  adminGrpcPort: wholeNumber({ ...port, value: 'port', says: 'port for the same over gRPC, there too' }),
  adminTokens: text({
    value: 'file',
    expects: 'a file of tokens',
    says: 'file of who may ask on these two, from `npm run token`; without it whoever reaches them',
  }),
  metricsHost: text({
    value: 'host',
    ...address,
    fallback: '127.0.0.1',
    says: 'address of the metrics; nobody is asked who he is there',
  }),
  host: text({
    value: 'host',
    ...address,
    fallback: '127.0.0.1',
    says: 'address to listen on; the default is reached from this machine only',
  }),
  provider: oneOf({
    value: 'provider',
    words: ['auto', 'cpu', 'cuda'],
    fallback: 'auto',
    says: 'what runs the models: cpu, cuda, or auto, which takes CUDA where it is set up',
  }),
  deviceId: wholeNumber({
    value: 'number',
    least: 0,
    most: 1023,
    fallback: 0,
    says: 'which CUDA device runs the models',
  }),
  threads: wholeNumber({
    value: 'threads',
    least: 1,
    most: 256,
    fallback: 1,
    says: 'threads inside one operator; small recurrent nets get slower with more',
  }),
  modelControl: oneOf({
    value: 'control',
    words: modelControls,
    fallback: 'none',
    says: 'who decides what is loaded: none, what is there at the start; poll, the folder as it changes; explicit, calls',
  }),
  pollIntervalS: wholeNumber({
    value: 'seconds',
    least: 1,
    most: 86_400,
    fallback: 15,
    says: 'how often poll looks at the folder',
  }),
  loadModel: list({
    value: 'names',
    expects: 'names of models',
    says: 'models that explicit begins with',
  }),
  maxModelBytes: wholeNumber({
    value: 'bytes',
    least: 1,
    most: 1_099_511_627_776,
    fallback: 4_294_967_296,
    says: 'bytes of all model files that are loaded at a time, each as often as it is held; one more model is not loaded',
  }),
  allowOperators: list({
    value: 'operators',
    expects: 'operators such as Loop or com.microsoft:Attention',
    says: 'operators that models may have beside the standard ones',
  }),
  workers: wholeNumber({
    value: 'threads',
    least: 1,
    most: 64,
    fallback: 1,
    says: 'threads that run models, each with all of them; more pay for nets whose runs take a millisecond and longer',
  }),
  maxBatch: wholeNumber({
    value: 'rows',
    least: 1,
    most: 1024,
    fallback: 256,
    says: 'most rows that waiting requests are joined into; 1 joins none',
  }),
  batchDelayUs: wholeNumber({
    value: 'microseconds',
    least: 0,
    most: 1_000_000,
    fallback: 0,
    says: 'how long a request may wait for others although the worker is free',
  }),
  maxQueue: wholeNumber({
    value: 'requests',
    least: 1,
    most: 1_000_000,
    fallback: 1024,
    says: 'requests of one model that may wait; one more is refused with 503',
  }),
  maxSequences: wholeNumber({
    value: 'sequences',
    least: 1,
    most: 10_000_000,
    fallback: 10_000,
    says: 'sequences whose state one model keeps; one more is refused with 503',
  }),
  sequenceIdleS: wholeNumber({
    value: 'seconds',
    least: 1,
    most: days30,
    fallback: 60,
    says: 'a sequence without a step for so long is forgotten',
  }),
  sequenceAgeS: wholeNumber({
    value: 'seconds',
    least: 1,
    most: days30,
    fallback: 86_400,
    says: 'so long after its start a sequence is forgotten',
  }),
  state: text({
    value: 'place',
    expects: 'memory, or redis://host:port',
    pattern: /^(memory|rediss?:\/\/\S+)$/,
    fallback: 'memory',
    isSecret: holdsPassword,
    says: 'where sequences are kept: memory, or redis://[user:password@]host:port[/database] for several processes',
  }),
  tokens: text({
    value: 'file',
    expects: 'a file of tokens',
    says: 'file of the clients that may ask, from `npm run token`; without it nobody is asked',
  }),
  clientRate: wholeNumber({
    value: 'requests',
    least: 1,
    most: 1_000_000,
    says: 'requests a second that one client may send; more get 429',
  }),
  clientConcurrent: wholeNumber({
    value: 'requests',
    least: 1,
    most: 1_000_000,
    says: 'requests of one client that may be under way; more get 429',
  }),
  clientConnections: wholeNumber({
    value: 'connections',
    least: 1,
    most: 1_000_000,
    says: 'connections that one address may have open; one more is closed. Behind a proxy all have its address',
  }),
  clientSequences: wholeNumber({
    value: 'sequences',
    least: 1,
    most: 10_000_000,
    says: 'sequences that one client, told by its token, may have of one model; one more gets 429',
  }),
  corsOrigins: list({
    value: 'origins',
    expects: 'origins such as https://example.org, without a path',
    pattern: /^https?:\/\/[^/,\s]+$/,
    says: 'origins of pages that may call the service besides its own, with commas between',
  }),
  logFormat: oneOf({
    value: 'format',
    words: logFormats,
    fallback: 'text',
    says: 'how stderr is written: text for people, json for machines (an object a line)',
  }),
  logLevel: oneOf({
    value: 'level',
    words: logLevels,
    fallback: 'info',
    says: 'from which level on; debug has a line for each request',
  }),
  otlpEndpoint: text({
    value: 'url',
    expects: 'the address of a collector such as http://127.0.0.1:4318',
    pattern: /^https?:\/\/\S+$/,
    isSecret: holdsPassword,
    says: 'collector that gets traces by OTLP over HTTP; with it every request is traced, and costs more',
  }),
  drainDelayMs: wholeNumber({
    value: 'milliseconds',
    least: 0,
    most: 600_000,
    fallback: 100,
    says: 'how long after SIGTERM connections are still taken, for balancers that have not heard yet',
  }),
  drainS: wholeNumber({
    value: 'seconds',
    least: 1,
    most: 3600,
    fallback: 10,
    says: 'how long requests may still run after that before they are cut off',
  }),
  json: toggle({ says: 'when ready, print one line of JSON to stdout' }),
} satisfies Record<string, Option>;

export type ServeOptionName = keyof typeof serveOptions;

/** What `serve` runs with. */
export type ServeOptions = { [Name in ServeOptionName]: z.output<(typeof serveOptions)[Name]['schema']> };

/** The options in the order of the help. */
export const serveOptionList: readonly (readonly [ServeOptionName, Option])[] = (
  Object.keys(serveOptions) as ServeOptionName[]
).map((name) => [name, serveOptions[name] as Option]);
