import type { ByteBudget } from '@onda/contract';
import { GrpcServer, healthHandlers } from '@onda/grpc-server';
import type { GrpcServerOptions, Handlers } from '@onda/grpc-server';
import type { Access } from '../access/access.ts';
import type { ServeOptions } from '../cli/serveOptions.ts';
import type { Health } from '../health.ts';
import { limits, timeouts } from '../limits.ts';
import { listenError } from '../listen.ts';
import type { Log } from '../telemetry/log.ts';
import type { Tracing } from '../telemetry/otelTracing.ts';
import type { Certificate } from '../certificate.ts';
import { callHooks } from './callContext.ts';
import type { CallContext } from './callContext.ts';
import { inferenceDefinition, inferenceHandlers } from './inferenceHandlers.ts';
import type { InferenceOptions } from './inferenceHandlers.ts';
import { healthService, inferenceService, reflectionServices } from './protoServices.ts';
import { reflectionHandlers } from './reflection.ts';

/** A gRPC port: its address, methods, access control and limits. */
export interface GrpcPort {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** The option that sets the port, for errors. */
  readonly option: string;
  /** The option of the port that serves the other methods of the inference service. */
  readonly otherOption: string;
  readonly engine: ServeOptions['grpcEngine'];
  readonly access: Access;
  readonly health: Health;
  readonly log: Log;
  readonly tracing: Tracing | undefined;
  /** Undefined: no TLS. */
  readonly tls?: Certificate | undefined;
  /** Handlers of the inference service. */
  readonly handlers: Handlers;
  readonly maxMessageBytes: number;
  /** Incomplete messages and unsent responses of all connections, bytes. */
  readonly budget: ByteBudget;
  /** What to do about a message that is too large. */
  readonly messageSizeHint: string;
}

export interface RunningGrpcServer {
  /** `127.0.0.1:8001` */
  readonly address: string;
  /** Refuses new calls and completes the open ones. */
  close(): Promise<void>;
}

/** The server as a whole, and its service. */
const healthNames = ['', 'inference.GRPCInferenceService'];

/** Probes are answered without authentication: their messages are short and not compressed. */
const probeLimits = {
  maxMessageBytes: limits.probeBytes,
  acceptsCompression: false,
  messageSizeHint: 'send at most the name of a service',
};

/** Requests that hold a name, and a version. */
const nameLimits = { maxMessageBytes: limits.nameBytes, messageSizeHint: 'send a name' };

/**
 * Opens a gRPC port.
 *
 * @throws ConfigError if the address cannot be used
 */
export async function openGrpcPort(port: GrpcPort): Promise<RunningGrpcServer> {
  const { access, health, log, tracing } = port;
  const Engine = await engineOf(port.engine);
  const server = new Engine({
    ...callHooks(access, log, tracing),
    acceptConnection: (socket) => access.connections.accept(socket),
    unimplemented: (path) => unimplementedReason(path, port.otherOption),
    maxConnections: limits.connections,
    maxStreams: limits.streams,
    maxMessageBytes: port.maxMessageBytes,
    budget: port.budget,
    messageSizeHint: port.messageSizeHint,
    headerTimeoutMs: timeouts.headersMs,
    messageTimeoutMs: timeouts.requestMs,
    idleTimeoutMs: timeouts.keepAliveMs,
    pingAfterMs: timeouts.idleSocketMs,
    pingTimeoutMs: timeouts.headersMs,
    tls: port.tls?.context,
  });
  port.tls?.onChange((context) => {
    server.setSecureContext(context);
  });
  server.addService(inferenceDefinition, port.handlers, {
    ServerLive: probeLimits,
    ServerReady: probeLimits,
    ServerMetadata: nameLimits,
    ModelReady: nameLimits,
    ModelMetadata: nameLimits,
    ModelConfig: nameLimits,
    ModelStatistics: nameLimits,
  });
  server.addService(
    healthService,
    healthHandlers(healthNames, () => health.ready),
    { Check: probeLimits, Watch: nameLimits },
  );
  const reflection = reflectionHandlers();
  for (const definition of reflectionServices) {
    server.addService(definition, reflection, { ServerReflectionInfo: nameLimits });
  }
  const { port: bound } = await server.listen(port.port, port.host).catch((cause: unknown) => {
    throw listenError(cause, port.host, port.port, port.option);
  });
  return {
    address: `${port.host.includes(':') ? `[${port.host}]` : port.host}:${bound}`,
    close: () => server.close(),
  };
}

/** The service's own port: the same models, checks and limits as over HTTP. */
export function startGrpc(
  options: InferenceOptions & Pick<GrpcPort, 'host' | 'port' | 'engine' | 'tracing' | 'tls'>,
): Promise<RunningGrpcServer> {
  return openGrpcPort({
    ...options,
    option: '--grpc-port',
    otherOption: '--admin-port',
    handlers: inferenceHandlers(options),
    maxMessageBytes: limits.bodyBytes,
    budget: options.access.bytes,
    messageSizeHint: 'send fewer samples at a time',
  });
}

async function engineOf(name: ServeOptions['grpcEngine']): Promise<EngineClass> {
  if (name === 'onda') return GrpcServer;
  return (await import('./grpcJsServer.ts')).GrpcJsServer;
}

type EngineClass = new (options: GrpcServerOptions<CallContext>) => Pick<
  GrpcServer<CallContext>,
  'addService' | 'close' | 'setSecureContext'
> & {
  listen(port: number, host: string): Promise<{ port: number }>;
};

function unimplementedReason(path: string, otherOption: string): string {
  const isKnown = Object.values(inferenceService).some((method) => method.path === path);
  return isKnown
    ? `this port does not serve the method; call the port of ${otherOption}`
    : 'the service has no such method; its .proto files list those it has';
}
