import { datatypes } from './datatypes.ts';
import type { ProtocolTensor } from './datatypes.ts';
import type { Parameters } from './requestParameters.ts';
import { tensorBytes } from './tensorBytes.ts';
import { tensorText } from './tensorText.ts';

export interface InferResponse {
  modelName: string;
  modelVersion: string;
  id: string | undefined;
  /** Parameters of the response: the state of the sequence. */
  parameters?: Parameters | undefined;
  outputs: readonly { name: string; tensor: ProtocolTensor; binary: boolean }[];
}

/** A JSON body; or, with the binary tensor extension, JSON of `headerLength` bytes and the tensors after it. */
export type EncodedResponse =
  { body: string; headerLength: undefined } | { body: Uint8Array; headerLength: number };

/**
 * Encodes the response to an infer request: JSON data flat and row-major, binary data little-endian after the JSON.
 *
 * @throws ProtocolError if a JSON output holds NaN or an infinity; bytes carry them
 */
export function encodeInferResponse(response: InferResponse): EncodedResponse {
  const id = response.id === undefined ? '' : `,"id":${JSON.stringify(response.id)}`;
  const parameters =
    response.parameters === undefined ? '' : `,"parameters":${JSON.stringify(response.parameters)}`;
  const outputs: string[] = [];
  const parts: Uint8Array[] = [];
  for (const { name, tensor, binary } of response.outputs) {
    const start = `{"name":${JSON.stringify(name)},"shape":[${tensor.dims.join(',')}],"datatype":"${datatypes[tensor.type]}"`;
    if (binary) {
      const bytes = tensorBytes(tensor);
      parts.push(bytes);
      outputs.push(`${start},"parameters":{"binary_data_size":${bytes.byteLength}}}`);
    } else {
      outputs.push(`${start},"data":[${tensorText(tensor, `output "${name}"`)}]}`);
    }
  }
  const json = `{"model_name":${JSON.stringify(response.modelName)},"model_version":${JSON.stringify(response.modelVersion)}${id}${parameters},"outputs":[${outputs.join(',')}]}`;
  return parts.length === 0 ? { body: json, headerLength: undefined } : joinParts(json, parts);
}

function joinParts(json: string, parts: readonly Uint8Array[]): { body: Uint8Array; headerLength: number } {
  const header = new TextEncoder().encode(json);
  const size = parts.reduce((sum, part) => sum + part.byteLength, header.byteLength);
  const body = new Uint8Array(size);
  body.set(header);
  let offset = header.byteLength;
  for (const part of parts) {
    body.set(part, offset);
    offset += part.byteLength;
  }
  return { body, headerLength: header.byteLength };
}
