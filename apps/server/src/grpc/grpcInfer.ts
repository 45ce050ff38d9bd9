import { decodeGrpcInferRequest, encodeGrpcInferResponse } from '@onda/protocol';
import type { GrpcInferRequest, GrpcInferResponse } from '@onda/protocol';
import { countRequest } from '../countRequest.ts';
import { inferOutputs } from '../inferOutputs.ts';
import { limits } from '../limits.ts';
import type { Service } from '../service.ts';

export interface ModelInferRequest extends GrpcInferRequest {
  model_name: string;
  model_version: string;
}

/** `ModelInfer`, by itself or as a part of a stream. */
export function grpcInfer(
  service: Service,
  message: ModelInferRequest,
  isGone: () => boolean,
  client?: string,
): Promise<GrpcInferResponse> {
  const model = service.repository.find(message.model_name, message.model_version || undefined);
  return countRequest(model.stats, async () => {
    const request = decodeGrpcInferRequest(message, model.signature, limits.tensorValues);
    return encodeGrpcInferResponse(await inferOutputs(model, request, isGone, client));
  });
}
