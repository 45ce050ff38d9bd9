import { DataError, quoted, ShapeError } from '@onda/contract';
import type { TensorType } from '@onda/contract';
import { BinaryBody } from './binaryBody.ts';
import { datatypes, typeOfDatatype } from './datatypes.ts';
import type { ProtocolTensor } from './datatypes.ts';
import { describeShape, describeValue, isObject, parseJsonBody } from './jsonBody.ts';
import { ProtocolError } from './protocolError.ts';
import { noParameters, readFlag, readParameters, readSchedule, readSequence } from './requestParameters.ts';
import type { Parameters, Schedule, SequenceControl } from './requestParameters.ts';
import { tensorFromBytes } from './tensorBytes.ts';
import { tensorFromJson } from './tensorFromJson.ts';

/**
 * An infer request, decoded by its own declarations; `bindRequest` checks it against a model.
 *
 * So a request is decoded once, even if the model version is only determined later.
 */
export interface InferRequest {
  readonly id: string | undefined;
  /** In the order of the request; names may repeat. */
  readonly inputs: readonly InferInput[];
  /** Undefined: the model's own outputs. Names are not checked. */
  readonly outputs: readonly RequestedOutput[] | undefined;
  /** Whether outputs are returned as bytes by default. */
  readonly binary: boolean;
  /** The sequence whose state the service keeps; undefined: no parameter names one. */
  readonly sequence: SequenceControl | undefined;
  readonly schedule: Schedule;
  /** Body of a raw binary request: the only input of the model, with the model's type and shape. */
  readonly raw: Uint8Array | undefined;
}

export interface InferInput {
  readonly name: string;
  readonly tensor: ProtocolTensor;
}

/** A requested output: as JSON numbers, or as bytes after the JSON. */
export interface RequestedOutput {
  readonly name: string;
  readonly binary: boolean;
}

/** The fields of an input as received. */
export type InputFields = Readonly<Record<string, unknown>>;

/** Reads an input's values once its name, type, shape and parameters are known; specific to the transport. */
export type ReadData = (
  input: InputFields,
  parameters: Parameters,
  type: TensorType,
  dims: readonly number[],
  count: number,
  where: string,
) => ProtocolTensor;

/**
 * Decodes `POST /v2/models/{name}/infer` of the Open Inference Protocol v2, JSON or with the binary tensor extension.
 *
 * @param body         the whole body
 * @param headerLength of the JSON part, from `Inference-Header-Content-Length`; undefined: the whole body is JSON; 0: nothing is
 * @param maxValues    maximum values of one tensor
 * @throws ProtocolError, ShapeError, DataError
 */
export function decodeInferRequest(
  body: Uint8Array,
  headerLength: number | undefined,
  maxValues: number,
): InferRequest {
  if (headerLength === 0) return rawRequest(body);
  const binary = new BinaryBody(body, headerLength);
  const readData: ReadData = (input, { binary_data_size: size }, type, dims, count, where) => {
    if (size === undefined) return tensorFromJson(input.data, type, dims, count, where);
    if (input.data !== undefined) {
      throw new ProtocolError(
        'malformed',
        `${where}: expected "data" or binary_data_size, got both; send one`,
      );
    }
    return tensorFromBytes(binary.take(size, where), type, dims, count, where);
  };
  const request = readInferFields(parseJsonBody(binary.header), readData, maxValues);
  binary.checkUsed();
  return request;
}

function rawRequest(body: Uint8Array): InferRequest {
  return {
    id: undefined,
    inputs: [],
    outputs: undefined,
    binary: true,
    sequence: undefined,
    schedule: { priority: undefined, timeoutMs: undefined },
    raw: body,
  };
}

/**
 * Reads an infer request from its fields, for all transports.
 *
 * An array is allocated only if the message has as many values or bytes as the shape declares, so its size is bounded by the
 * message. Unknown keys are ignored, as by other servers; unsupported ones that would change the response are rejected.
 *
 * @param maxValues maximum values of one tensor
 * @throws ProtocolError, ShapeError, DataError
 */
export function readInferFields(fields: InputFields, readData: ReadData, maxValues: number): InferRequest {
  const { id } = fields;
  if (id !== undefined && typeof id !== 'string') {
    throw new ProtocolError(
      'malformed',
      `id: expected a string, got ${describeValue(id)}; put it into quotes`,
    );
  }
  const parameters = readParameters(fields.parameters, undefined);
  const sequence = readSequence(parameters);
  const inputs = readInputs(fields.inputs, readData, maxValues);
  const binary = readFlag(parameters, 'binary_data_output', false);
  const outputs = readOutputs(fields.outputs, binary);
  return { id, inputs, outputs, binary, sequence, schedule: readSchedule(parameters), raw: undefined };
}

function readInputs(value: unknown, readData: ReadData, maxValues: number): InferInput[] {
  if (!Array.isArray(value)) {
    throw new ProtocolError(
      'malformed',
      `inputs: expected a list of tensors, got ${describeValue(value)}; send the model's inputs`,
    );
  }
  const inputs: InferInput[] = [];
  for (const part of value as readonly unknown[]) {
    const input = isObject(part) ? part : {};
    const { name } = input;
    if (typeof name !== 'string') {
      throw new ProtocolError(
        'malformed',
        `inputs: expected a tensor with a name, got ${describeValue(isObject(part) ? name : part)}; name each input`,
      );
    }
    const where = inputText(name);
    const type = typeOfDatatype(input.datatype);
    if (type === undefined) throw wrongDatatype(input.datatype, where);
    const parameters = readParameters(input.parameters, where);
    refuseSharedMemory(parameters, where, 'send the values in the request');
    const dims = readDims(input.shape, where);
    const count = countWithin(dims, maxValues, where);
    inputs.push({ name, tensor: readData(input, parameters, type, dims, count, where) });
  }
  return inputs;
}

function wrongDatatype(datatype: unknown, where: string): DataError {
  const names = Object.values(datatypes).join(', ');
  return new DataError(
    datatype === 'BF16'
      ? `${where}: expected one of ${names}, got BF16, which ONNX Runtime for Node has no tensors of; convert the values to FP32`
      : `${where}: expected a datatype of the protocol (${names}), got ${describeValue(datatype)}; convert the values`,
  );
}

/** How an error names an input. */
export function inputText(name: string): string {
  return `input ${quoted(name)}`;
}

function readDims(value: unknown, where: string): readonly number[] {
  if (!Array.isArray(value)) {
    throw new ShapeError(
      `${where}: expected "shape" as a list of whole numbers, got ${describeValue(value)}; add it`,
    );
  }
  for (const dim of value as readonly unknown[]) {
    if (Number.isSafeInteger(dim) && (dim as number) >= 0) continue;
    throw new ShapeError(
      `${where}: expected whole numbers as dims, got shape ${describeShape(value)}; correct it`,
    );
  }
  return value as readonly number[];
}

/** @throws ProtocolError 413 */
export function countWithin(dims: readonly number[], maxValues: number, where: string): number {
  let count = 1;
  for (const dim of dims) {
    // By division, since a product could exceed the exact integers of a double.
    if (dim > 0 && count > maxValues / dim) {
      throw new ProtocolError(
        'too-large',
        `${where}: expected at most ${maxValues} values, got shape ${describeShape(dims)}; send fewer rows or samples at a time`,
      );
    }
    count *= dim;
  }
  return count;
}

function readOutputs(value: unknown, binary: boolean): readonly RequestedOutput[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    throw new ProtocolError(
      'malformed',
      `outputs: expected a list, got ${describeValue(value)}; leave it out for all outputs`,
    );
  }
  if (value.length === 0) return undefined;
  return (value as readonly unknown[]).map((part) => {
    const { name, parameters } = isObject(part) ? part : {};
    if (typeof name !== 'string') {
      throw new ProtocolError(
        'malformed',
        `outputs: expected an output with a name, got ${describeValue(isObject(part) ? name : part)}; name each output`,
      );
    }
    const where = `output ${quoted(name)}`;
    const own = readParameters(parameters, where);
    refuseSharedMemory(own, where, 'take the values from the response');
    refuseClassification(own, where);
    return { name, binary: readFlag(own, 'binary_data', binary) };
  });
}

/** Triton extensions that change the meaning of a request are rejected instead of ignored. */
function refuseClassification({ classification = 0 }: Parameters, where: string): void {
  if (classification === 0) return;
  throw new ProtocolError(
    'malformed',
    `${where}: parameters: classification: expected none, since the service answers with the values themselves, got ${describeValue(classification)}; leave it out and sort them`,
  );
}

const sharedMemory = ['shared_memory_region', 'shared_memory_byte_size', 'shared_memory_offset'] as const;

function refuseSharedMemory(parameters: Parameters, where: string, remedy: string): void {
  if (parameters === noParameters) return;
  for (const name of sharedMemory) {
    if (!Object.hasOwn(parameters, name)) continue;
    throw new ProtocolError(
      'malformed',
      `${where}: parameters: ${name}: expected none, since the service has no shared memory, got ${describeValue(parameters[name])}; ${remedy}`,
    );
  }
}
