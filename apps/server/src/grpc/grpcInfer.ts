import { decodeGrpcInferRequest, encodeGrpcInferResponse } from '@onda/protocol';
import type { GrpcInferRequest, GrpcInferResponse } from '@onda/protocol';
import { countRequest } from '../countRequest.ts';
import { inferOutputs } from '../inferOutputs.ts';
import { limits } from '../limits.ts';
import { routeRequest } from '../models/routeRequest.ts';
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
  const version = message.model_version || undefined;
  const model = service.repository.find(message.model_name, version);
  return countRequest(model.stats, async () => {
    const routed = await routeRequest(service.repository, model, version, client, ({ signature }) =>
      decodeGrpcInferRequest(message, signature, limits.tensorValues),
    );
    return encodeGrpcInferResponse(await inferOutputs(routed, isGone, client));
  });
}
