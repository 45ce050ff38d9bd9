import { CallError, GrpcStatus } from '@onda/grpc-server';
import type { Handlers, SendUnary, ServerCall, ServiceDefinition } from '@onda/grpc-server';
import { decodeGrpcInferRequest, decodeInferMessage, encodeInferMessage, WireError } from '@onda/protocol';
import type { GrpcInferRequest, InferResponse, WireMessage } from '@onda/protocol';
import type { Serving } from '@onda/serving';
import type { Access } from '../access/access.ts';
import type { Health } from '../health.ts';
import { limits } from '../limits.ts';
import type { Log } from '../telemetry/log.ts';
import type { LoadShedding } from '../overload.ts';
import { serverDescription } from '../serverDescription.ts';
import type { CallContext } from './callContext.ts';
import { inferenceService } from './protoServices.ts';
import { streamInfer } from './streamInfer.ts';

/**
 * The inference service with its own codec for the messages of inference: protobufjs, which proto-loader uses, takes several times as
 * long for a tensor.
 */
export const inferenceDefinition: ServiceDefinition = {
  ...inferenceService,
  ModelInfer: {
    ...inferenceService.ModelInfer,
    requestDeserialize: readInferMessage,
    responseSerialize: encodeInferMessage,
  },
  ModelStreamInfer: {
    ...inferenceService.ModelStreamInfer,
    requestDeserialize: readInferMessage,
    // The handler encodes: an error response needs the id of its request.
    responseSerialize: (message: WireMessage) => message,
  },
};

/**
 * @param bytes the message's raw tensors are views on them
 * @throws CallError
 */
function readInferMessage(bytes: Uint8Array): GrpcInferRequest {
  try {
    return decodeInferMessage(bytes, limits.tensorValues);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `the request cannot be decoded as a ModelInferRequest (${error.message}); send the message that its .proto file describes`,
    );
  }
}

/** Adapts a function to a handler of a method with one request and one response. */
export function unary<Request, Response>(
  answer: (request: Request, call: UnaryCall<Request, Response>) => Response | Promise<Response>,
): (call: UnaryCall<Request, Response>, callback: SendUnary<Response>) => void {
  const run = async (call: UnaryCall<Request, Response>, callback: SendUnary<Response>): Promise<void> => {
    try {
      callback(null, await answer(call.request, call));
    } catch (error) {
      callback(error);
    }
  };
  return (call, callback) => {
    void run(call, callback);
  };
}

type UnaryCall<Request, Response> = ServerCall<Request, Response, CallContext>;

/** Fields that requests about a model share; an omitted one is empty. */
interface NamedModel {
  name: string;
  version: string;
}

/** The methods that probe the service itself. */
export function probeHandlers(health: Health): Handlers {
  return {
    ServerLive: unary(() => ({ live: health.live })),
    ServerReady: unary(() => ({ ready: health.ready })),
  };
}

export interface InferenceOptions {
  readonly serving: Serving;
  readonly access: Access;
  readonly health: Health;
  readonly log: Log;
  /** Applied to ModelInfer. */
  readonly shedding: LoadShedding;
}

/** The methods of the service's own port. */
export function inferenceHandlers({ serving, access, health, log, shedding }: InferenceOptions): Handlers {
  const { repository } = serving;
  return {
    ...probeHandlers(health),
    ServerMetadata: unary(() => serverDescription),
    // False for an unknown model, as in Triton: clients poll this until a model is loaded.
    ModelReady: unary(({ name, version }: NamedModel) => ({
      ready: health.ready && repository.maybeFind(name, version || undefined) !== undefined,
    })),
    ModelMetadata: unary(
      ({ name, version }: NamedModel) =>
        JSON.parse(repository.metadata(name, version || undefined)) as object,
    ),
    ModelConfig: unary(({ name, version }: NamedModel) => ({
      config: JSON.parse(repository.find(name, version || undefined).config) as object,
    })),
    ModelStatistics: unary(({ name, version }: NamedModel) =>
      serving.statistics(name || undefined, version || undefined),
    ),
    // Without the async function of `unary`: most calls are of this method.
    ModelInfer: (
      call: UnaryCall<GrpcInferRequest, InferResponse>,
      callback: SendUnary<InferResponse>,
    ): void => {
      const message = call.request;
      const { modelName: name, modelVersion } = message;
      const version = modelVersion || undefined;
      const response = shedding.isOverloaded(name, version)
        ? shedding.shed(name, version)
        : infer(serving, message, call);
      response.then((answer) => {
        callback(null, answer);
      }, callback);
    },
    ModelStreamInfer: streamInfer(access, log, (message, call) => infer(serving, message, call)),
  };
}

const asIs = (response: InferResponse): InferResponse => response;

/** Runs one request, unary or a message of a stream. */
function infer(
  serving: Serving,
  message: GrpcInferRequest,
  call: Pick<ServerCall<unknown, unknown, CallContext>, 'context' | 'cancelled'>,
): Promise<InferResponse> {
  const { client, trace } = call.context;
  return serving.infer({
    model: message.modelName,
    version: message.modelVersion || undefined,
    client,
    trace,
    decode: () => decodeGrpcInferRequest(message, limits.tensorValues),
    encode: asIs,
    isGone: () => call.cancelled,
  });
}
