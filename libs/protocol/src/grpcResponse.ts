import { datatypes } from './datatypes.ts';
import type { GrpcParameter } from './grpcRequest.ts';
import type { InferResponse } from './inferResponse.ts';
import type { Parameters } from './parameters.ts';
import { tensorBytes } from './tensorBytes.ts';

/** `ModelInferResponse` as protobuf takes it. */
export interface GrpcInferResponse {
  model_name: string;
  model_version: string;
  id: string;
  parameters: Record<string, GrpcParameter>;
  outputs: { name: string; datatype: string; shape: readonly number[] }[];
  raw_output_contents: Uint8Array[];
}

/** Encodes the answer to a `ModelInferRequest`: values as bytes, little-endian, which every client reads. */
export function encodeGrpcInferResponse(response: InferResponse): GrpcInferResponse {
  return {
    model_name: response.modelName,
    model_version: response.modelVersion,
    id: response.id ?? '',
    parameters: grpcParameters(response.parameters ?? {}),
    outputs: response.outputs.map(({ name, tensor }) => ({
      name,
      datatype: datatypes[tensor.type],
      shape: tensor.dims,
    })),
    raw_output_contents: response.outputs.map(({ tensor }) => tensorBytes(tensor)),
  };
}

function grpcParameters(parameters: Parameters): Record<string, GrpcParameter> {
  const result: Record<string, GrpcParameter> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value === 'boolean') result[name] = { bool_param: value };
    else if (typeof value === 'number') result[name] = { int64_param: String(value) };
    else if (value !== undefined) result[name] = { string_param: value };
  }
  return result;
}
