import { BinaryBody } from './binaryBody.ts';
import { readInferFields } from './inferFields.ts';
import type { InferRequest, ReadData } from './inferFields.ts';
import { parseJsonBody } from './jsonBody.ts';
import type { ModelTensors } from './modelTensors.ts';
import { readParameters } from './parameters.ts';
import { ProtocolError } from './protocolError.ts';
import { decodeRawRequest } from './rawRequest.ts';
import { tensorFromBytes, tensorFromJson } from './tensorData.ts';

/**
 * Decodes `POST /v2/models/{name}/infer` of the Open Inference Protocol v2, JSON or with the binary tensor extension.
 *
 * @param body         the whole body
 * @param headerLength of the JSON part, from `Inference-Header-Content-Length`; undefined when all of it is JSON, 0 when none is
 * @param maxValues    the most values that one tensor may have
 * @throws ProtocolError, ShapeError, DataError
 */
export function decodeInferRequest(
  body: Uint8Array,
  headerLength: number | undefined,
  model: ModelTensors,
  maxValues: number,
): InferRequest {
  if (headerLength === 0) return decodeRawRequest(body, model, maxValues);
  const binary = new BinaryBody(body, headerLength);
  const readData: ReadData = (input, spec, dims, count) => {
    const where = `input "${spec.name}"`;
    const size = readParameters(input.parameters, `${where}: parameters`).binary_data_size;
    if (size === undefined) return tensorFromJson(input.data, spec, dims, count);
    if (input.data !== undefined) {
      throw new ProtocolError(
        'malformed',
        `${where}: expected "data" or binary_data_size, got both; send one`,
      );
    }
    return tensorFromBytes(binary.take(size, where), spec, dims, count);
  };
  const request = readInferFields(parseJsonBody(binary.header), model, readData, maxValues);
  binary.checkUsed();
  return request;
}
