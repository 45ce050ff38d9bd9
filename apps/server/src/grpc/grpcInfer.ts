import { decodeGrpcInferRequest, decodeInferMessage, WireError } from '@onda/protocol';
import type { GrpcInferRequest, InferResponse } from '@onda/protocol';
import { countRequest, inferOutputs, routeRequest } from '@onda/serving';
import { limits } from '../limits.ts';
import type { Service } from '../service.ts';
import { CallError } from './grpcErrors.ts';
import { GrpcStatus } from './grpcStatus.ts';

/**
 * Reads a `ModelInferRequest`.
 *
 * @param bytes views on them go into the message
 * @throws CallError
 */
export function readInferMessage(bytes: Uint8Array): GrpcInferRequest {
  try {
    return decodeInferMessage(bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `the message cannot be read as a ModelInferRequest (${error.message}); send what the .proto file describes`,
    );
  }
}

/** `ModelInfer`, by itself or as a part of a stream. */
export function grpcInfer(
  service: Service,
  message: GrpcInferRequest,
  isGone: () => boolean,
  client?: string,
): Promise<InferResponse> {
  const version = message.modelVersion || undefined;
  const model = service.repository.findHeld(message.modelName, version);
  return countRequest(model.stats, () =>
    routeRequest(
      service.repository,
      model,
      version,
      client,
      ({ signature }) => decodeGrpcInferRequest(message, signature, limits.tensorValues),
      (routed) => inferOutputs(routed, isGone, client),
    ),
  );
}
