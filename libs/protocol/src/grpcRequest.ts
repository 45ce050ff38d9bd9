import { clipped } from '@onda/contract';
import { grpcValues, readContents } from './grpcContents.ts';
import type { GrpcContents } from './grpcContents.ts';
import { readInferFields } from './inferRequest.ts';
import type { InferRequest, ReadData } from './inferRequest.ts';
import { ProtocolError } from './protocolError.ts';
import { tensorFromBytes } from './tensorBytes.ts';
import { tensorFromJson } from './tensorFromJson.ts';
import { WireError, WireReader } from './wireReader.ts';

/** Parameters in the form of JSON; undefined for one without a value. A whole number above 2^53 is a string. */
export type GrpcParameters = Readonly<Record<string, string | number | boolean | undefined>>;

export interface GrpcTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Absent if there are none. */
  readonly parameters?: GrpcParameters;
  readonly contents: GrpcContents | undefined;
}

/** A requested output. */
export interface GrpcOutput {
  readonly name: string;
  /** Absent if there are none. */
  readonly parameters?: GrpcParameters;
}

/** The fields of `ModelInferRequest` that the service uses. */
export interface GrpcInferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: GrpcParameters;
  readonly inputs: readonly GrpcTensor[];
  readonly outputs: readonly GrpcOutput[];
  /** Views of the message. */
  readonly rawInputs: readonly Uint8Array[];
}

/** The highest field number, as in inference.proto. */
const FIELDS = 7;
const none: GrpcParameters = Object.freeze({});

/** Fields of a message: each input, output, raw content and parameter becomes an object, of as few as two bytes. */
const MAX_PARTS = 1024;
const MAX_DIMS = 64;

/**
 * Reads a `ModelInferRequest`. Stricter than protobuf: it rejects fields with a wire type other than in the .proto file, strings
 * that are not UTF-8, and groups. Accepted messages are read as by protobufjs.
 *
 * @param maxValues maximum values of one tensor in `contents`
 * @throws WireError
 */
export function decodeInferMessage(bytes: Uint8Array, maxValues: number): GrpcInferRequest {
  const reader = new WireReader(bytes);
  let parts = 0;
  let modelName = '';
  let modelVersion = '';
  let id = '';
  let parameters = none;
  const inputs: GrpcTensor[] = [];
  const outputs: GrpcOutput[] = [];
  const rawInputs: Uint8Array[] = [];
  while (!reader.done) {
    const tag = reader.tag();
    if (++parts > MAX_PARTS) throw tooMany('fields', MAX_PARTS);
    if (tag === 0x0a) modelName = reader.text();
    else if (tag === 0x12) modelVersion = reader.text();
    else if (tag === 0x1a) id = reader.text();
    else if (tag === 0x22) parameters = withParameter(parameters, reader.message());
    else if (tag === 0x2a) inputs.push(readTensor(reader.message(), maxValues));
    else if (tag === 0x32) outputs.push(readOutput(reader.message()));
    else if (tag === 0x3a) rawInputs.push(reader.bytes());
    else reader.skip(tag, FIELDS);
  }
  return { modelName, modelVersion, id, parameters, inputs, outputs, rawInputs };
}

function tooMany(what: string, most: number): WireError {
  return new WireError(`more than ${most} ${what}`);
}

function readTensor(reader: WireReader, maxValues: number): GrpcTensor {
  let name = '';
  let datatype = '';
  const shape: number[] = [];
  let parameters = none;
  let parts = 0;
  let contents: GrpcContents | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x12) datatype = reader.text();
    else if (tag === 0x1a) {
      for (const dims = reader.message(); !dims.done;) addDim(shape, dims);
    } else if (tag === 0x18) addDim(shape, reader);
    else if (tag === 0x22) {
      if (++parts > MAX_PARTS) throw tooMany('parameters', MAX_PARTS);
      parameters = withParameter(parameters, reader.message());
    } else if (tag === 0x2a) {
      // protobuf would merge the two, which clients do not intend.
      if (contents) throw new WireError('contents twice');
      contents = readContents(reader.message(), maxValues);
    } else reader.skip(tag, 5);
  }
  return parameters === none
    ? { name, datatype, shape, contents }
    : { name, datatype, shape, parameters, contents };
}

function addDim(shape: number[], reader: WireReader): void {
  if (shape.length === MAX_DIMS) throw tooMany('dims', MAX_DIMS);
  shape.push(reader.int64());
}

function readOutput(reader: WireReader): GrpcOutput {
  let name = '';
  let parameters = none;
  let parts = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x12) {
      if (++parts > MAX_PARTS) throw tooMany('parameters', MAX_PARTS);
      parameters = withParameter(parameters, reader.message());
    } else reader.skip(tag, 2);
  }
  return parameters === none ? { name } : { name, parameters };
}

/** A map entry: a name and an `InferParameter`. */
function withParameter(parameters: GrpcParameters, reader: WireReader): GrpcParameters {
  let name = '';
  let value: string | number | boolean | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x12) value = readParameter(reader.message());
    else reader.skip(tag, 2);
  }
  // The one name that does not become a property of an object literal; objects without a prototype are slower.
  if (name === '__proto__') throw new WireError('a parameter named __proto__');
  const into = (parameters === none ? {} : parameters) as Record<string, typeof value>;
  into[name] = value;
  return into;
}

function readParameter(reader: WireReader): string | number | boolean | undefined {
  let value: string | number | boolean | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) value = reader.bool();
    else if (tag === 0x10) value = reader.int64OrDigits();
    else if (tag === 0x1a) value = reader.text();
    else if (tag === 0x21) value = reader.double();
    else if (tag === 0x28) value = reader.uint64OrDigits();
    else reader.skip(tag, 5);
  }
  return value;
}

/**
 * Decodes a `ModelInferRequest` with the same checks as over HTTP. Values are either in `raw_input_contents` for all inputs, or in
 * the `contents` of each input.
 *
 * @param maxValues the most values that one tensor may have
 * @throws ProtocolError, ShapeError, DataError
 */
export function decodeGrpcInferRequest(message: GrpcInferRequest, maxValues: number): InferRequest {
  const { id, inputs, outputs, parameters, rawInputs: raw } = message;
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw new ProtocolError(
      'malformed',
      `raw_input_contents: expected one for each of the ${inputs.length} inputs, got ${raw.length}; send the values of all inputs there, or of none`,
    );
  }
  // Inputs are read in their order.
  let next = 0;
  const readData: ReadData = (input, _parameters, type, dims, count, where) => {
    const contents = input.contents as GrpcContents | undefined;
    if (raw.length === 0) {
      return tensorFromJson(grpcValues(contents, type, where), type, dims, count, where);
    }
    if (contents !== undefined && contents.size > 0) {
      throw new ProtocolError(
        'malformed',
        `${where}: expected contents or raw_input_contents, got both; send one`,
      );
    }
    return tensorFromBytes(raw[next++], type, dims, count, where);
  };
  checkSet(parameters);
  const fields = { id: id === '' ? undefined : id, parameters, inputs, outputs };
  return readInferFields(fields, readData, maxValues);
}

function checkSet(parameters: GrpcParameters): void {
  for (const name in parameters) {
    if (parameters[name] !== undefined) continue;
    throw new ProtocolError(
      'malformed',
      `parameters: ${clipped(name)}: expected a value, got nothing; set one or leave the parameter out`,
    );
  }
}
