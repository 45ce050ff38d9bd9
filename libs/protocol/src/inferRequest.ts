import { DataError, ShapeError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { BinaryBody } from './binaryBody.ts';
import { datatypes } from './datatypes.ts';
import type { ProtocolTensor } from './datatypes.ts';
import { describeValue, isObject, parseJsonBody } from './jsonBody.ts';
import type { ModelTensors } from './modelTensors.ts';
import { readOutputs } from './outputRequest.ts';
import type { RequestedOutput } from './outputRequest.ts';
import { readParameters, refuseSequence } from './parameters.ts';
import { ProtocolError } from './protocolError.ts';
import { tensorFromBytes, tensorFromJson } from './tensorData.ts';
import { readShape } from './tensorShape.ts';

export interface InferRequest {
  id: string | undefined;
  inputs: Record<string, ProtocolTensor>;
  /** In the order asked for; all of the model's when the request names none. */
  outputs: readonly RequestedOutput[];
}

/**
 * Decodes `POST /v2/models/{name}/infer` of the Open Inference Protocol v2, JSON or with the binary tensor extension.
 *
 * For each input, in this order: its name is known and comes once, its datatype is the model's, its rank and fixed dims are the
 * model's, its size is within the limit, as many values or bytes came as the shape says. Only then its array is allocated.
 * Keys that the protocol does not have are ignored, as other servers do; what would change the answer is not.
 *
 * @param body         the whole body
 * @param headerLength of the JSON part, from `Inference-Header-Content-Length`; undefined when all of it is JSON
 * @param maxValues    the most values that one tensor may have
 * @throws ProtocolError, ShapeError, DataError
 */
export function decodeInferRequest(
  body: Uint8Array,
  headerLength: number | undefined,
  model: ModelTensors,
  maxValues: number,
): InferRequest {
  const binary = new BinaryBody(body, headerLength);
  const document = parseJsonBody(binary.header);
  const { id } = document;
  if (id !== undefined && typeof id !== 'string') {
    throw new ProtocolError(
      'malformed',
      `id: expected a string, got ${describeValue(id)}; put it into quotes`,
    );
  }
  const parameters = readParameters(document.parameters, 'parameters');
  refuseSequence(parameters);
  const inputs = readInputs(document.inputs, model, binary, maxValues);
  binary.checkUsed();
  return { id, inputs, outputs: readOutputs(document.outputs, model, parameters) };
}

function readInputs(
  value: unknown,
  model: ModelTensors,
  binary: BinaryBody,
  maxValues: number,
): Record<string, ProtocolTensor> {
  if (!Array.isArray(value)) {
    throw new ProtocolError(
      'malformed',
      `inputs: expected a list of tensors, got ${describeValue(value)}; send ${names(model.inputs)}`,
    );
  }
  const inputs: Record<string, ProtocolTensor> = {};
  for (const part of value as readonly unknown[]) {
    const input = isObject(part) ? part : {};
    const spec = findInput(input.name, model.inputs);
    if (Object.hasOwn(inputs, spec.name)) {
      throw new ShapeError(`input "${spec.name}": expected once, got it twice; remove one`);
    }
    inputs[spec.name] = readInput(input, spec, binary, maxValues);
  }
  const missing = model.inputs.find((spec) => !Object.hasOwn(inputs, spec.name));
  if (missing) {
    throw new ShapeError(`input "${missing.name}" is missing; send ${names(model.inputs)}`);
  }
  return inputs;
}

function findInput(name: unknown, specs: readonly TensorSpec[]): TensorSpec {
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec === undefined) {
    throw new ShapeError(`input ${describeValue(name)}: the model has no such input; send ${names(specs)}`);
  }
  return spec;
}

function readInput(
  input: Readonly<Record<string, unknown>>,
  spec: TensorSpec,
  binary: BinaryBody,
  maxValues: number,
): ProtocolTensor {
  const where = `input "${spec.name}"`;
  const datatype = datatypes[spec.type];
  if (input.datatype !== datatype) {
    throw new DataError(
      `${where}: expected datatype ${datatype}, got ${describeValue(input.datatype)}; convert the values`,
    );
  }
  const { dims, count } = readShape(input.shape, spec, maxValues);
  const size = readParameters(input.parameters, `${where}: parameters`).binary_data_size;
  if (size === undefined) return tensorFromJson(input.data, spec, dims, count);
  if (input.data !== undefined) {
    throw new ProtocolError('malformed', `${where}: expected "data" or binary_data_size, got both; send one`);
  }
  return tensorFromBytes(binary.take(size, where), spec, dims, count);
}

function names(specs: readonly TensorSpec[]): string {
  return specs.map((spec) => spec.name).join(' and ');
}
