import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import type { handleUnaryCall, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { grpcClientOf, grpcGuard } from '../access/grpcGuard.ts';
import { isLive, isReady } from '../health.ts';
import { limits } from '../limits.ts';
import { listenError } from '../listen.ts';
import { logCalls } from '../log/logCalls.ts';
import { serverDescription } from '../serverDescription.ts';
import type { Service } from '../service.ts';
import { withTrace } from '../tracing/requestTrace.ts';
import { modelStatistics } from '../statistics.ts';
import { grpcError } from './grpcErrors.ts';
import { grpcInfer } from './grpcInfer.ts';
import type { ModelInferRequest } from './grpcInfer.ts';
import { healthService, inferenceService } from './protoServices.ts';
import { answerStream } from './streamInfer.ts';
import type { InferStream } from './streamInfer.ts';

export interface GrpcServer {
  /** `127.0.0.1:8001`. */
  readonly address: string;
  /** Answers what it has, and takes no more. */
  close(): Promise<void>;
}

// What goes wrong is told by errors; grpc-js would print it once more in words of its own.
setLogVerbosity(logVerbosity.NONE);

interface NamedModel {
  name: string;
  version: string;
}

/**
 * `inference.GRPCInferenceService`: the same models, checks and limits as over HTTP.
 *
 * @param port 0: a free one
 * @throws ConfigError for an address that cannot be had
 */
export async function startGrpc(service: Service, host: string, port: number): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': limits.bodyBytes,
    'grpc.max_concurrent_streams': limits.streams,
    interceptors: [
      ...(service.tracing ? [service.tracing.interceptor] : []),
      ...logCalls(service.log),
      grpcGuard(service.access),
    ],
  });
  const streams = new Set<() => void>();
  server.addService(inferenceService, {
    ...unaryCalls(service),
    ModelStreamInfer: (stream: InferStream) => {
      const finish = answerStream(service, stream);
      streams.add(finish);
      stream.once('close', () => streams.delete(finish));
      stream.once('finish', () => streams.delete(finish));
    },
  });
  server.addService(healthService, {
    Check: answered(service, () => ({ status: isReady(service) ? 'SERVING' : 'NOT_SERVING' })),
  });
  const address = host.includes(':') ? `[${host}]` : host;
  const bound = await bind(server, `${address}:${port}`).catch((cause: unknown) => {
    throw listenError(withCode(cause), host, port, '--grpc-port');
  });
  return {
    address: `${address}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.tryShutdown(() => {
          resolve();
        });
        for (const finish of streams) finish();
      }),
  };
}

function unaryCalls(service: Service): Record<string, handleUnaryCall<never, object>> {
  const { repository } = service;
  const find = ({ name, version }: NamedModel): ReturnType<typeof repository.find> =>
    repository.find(name, version || undefined);
  return {
    ServerLive: answered(service, () => ({ live: isLive(service) })),
    ServerReady: answered(service, () => ({ ready: isReady(service) })),
    ServerMetadata: answered(service, () => serverDescription),
    ModelReady: answered(service, (model: NamedModel) => {
      find(model);
      return { ready: isReady(service) };
    }),
    ModelMetadata: answered(service, (model: NamedModel) => JSON.parse(find(model).metadata) as object),
    ModelConfig: answered(service, (model: NamedModel) => ({
      config: JSON.parse(find(model).config) as object,
    })),
    ModelStatistics: answered(service, (model: NamedModel) =>
      modelStatistics(model.name === '' ? repository.served : [find(model)]),
    ),
    ModelInfer: answered(service, (message: ModelInferRequest, call) =>
      withTrace(service.tracing?.traceOf(call.metadata), () =>
        grpcInfer(service, message, () => call.cancelled, grpcClientOf(call)),
      ),
    ),
  };
}

type UnaryCall<Message> = ServerUnaryCall<Message, object>;

function answered<Message>(
  service: Service,
  answer: (message: Message, call: UnaryCall<Message>) => object | Promise<object>,
): handleUnaryCall<Message, object> {
  return (call: UnaryCall<Message>, callback: sendUnaryData<object>) => {
    void (async () => {
      try {
        callback(null, await answer(call.request, call));
      } catch (error) {
        callback(grpcError(service, error));
      }
    })();
  };
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

/** grpc-js puts the system's code into its text alone. */
function withCode(cause: unknown): unknown {
  const code = cause instanceof Error ? /\bE[A-Z]{4,}\b/.exec(cause.message)?.[0] : undefined;
  return code === undefined ? cause : Object.assign(cause as Error, { code });
}
