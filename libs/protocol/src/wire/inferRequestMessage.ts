import { readContents } from './tensorContents.ts';
import type { GrpcContents } from './tensorContents.ts';
import { WireError, WireReader } from './wireReader.ts';

/** Parameters as JSON would have them; undefined for one in which nothing is set. A whole number beyond 2^53 is its digits. */
export type GrpcParameters = Readonly<Record<string, string | number | boolean | undefined>>;

export interface GrpcTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents: GrpcContents | undefined;
}

/** An output that is asked for. */
export interface GrpcOutput {
  readonly name: string;
  /** Left out where there are none. */
  readonly parameters?: GrpcParameters;
}

/** `ModelInferRequest`, what of it says something here. */
export interface GrpcInferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: GrpcParameters;
  readonly inputs: readonly GrpcTensor[];
  readonly outputs: readonly GrpcOutput[];
  /** Views on the message. */
  readonly rawInputs: readonly Uint8Array[];
}

/** Numbers of its fields are those of apps/server/proto/inference.proto. */
const FIELDS = 7;
const none: GrpcParameters = Object.freeze({});

/**
 * Reads a `ModelInferRequest`. It is stricter than protobuf: a field of another type than the .proto file gives it, texts that are no
 * UTF-8 and groups are refused. What it accepts it reads as protobufjs does.
 *
 * @throws WireError
 */
export function decodeInferMessage(bytes: Uint8Array): GrpcInferRequest {
  const reader = new WireReader(bytes);
  let modelName = '';
  let modelVersion = '';
  let id = '';
  let parameters = none;
  const inputs: GrpcTensor[] = [];
  const outputs: GrpcOutput[] = [];
  const rawInputs: Uint8Array[] = [];
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) modelName = reader.text();
    else if (tag === 0x12) modelVersion = reader.text();
    else if (tag === 0x1a) id = reader.text();
    else if (tag === 0x22) parameters = withParameter(parameters, reader.message());
    else if (tag === 0x2a) inputs.push(readTensor(reader.message()));
    else if (tag === 0x32) outputs.push(readOutput(reader.message()));
    else if (tag === 0x3a) rawInputs.push(reader.bytes());
    else reader.skip(tag, FIELDS);
  }
  return { modelName, modelVersion, id, parameters, inputs, outputs, rawInputs };
}

function readTensor(reader: WireReader): GrpcTensor {
  let name = '';
  let datatype = '';
  const shape: number[] = [];
  let contents: GrpcContents | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x12) datatype = reader.text();
    else if (tag === 0x1a) readDims(reader.message(), shape);
    else if (tag === 0x18) shape.push(reader.int64());
    // An input's own parameters are read for their form alone: nothing here asks for them.
    else if (tag === 0x22) withParameter(none, reader.message());
    else if (tag === 0x2a) {
      // protobuf would merge the two, which no client means.
      if (contents) throw new WireError('contents twice');
      contents = readContents(reader.message());
    } else reader.skip(tag, 5);
  }
  return { name, datatype, shape, contents };
}

function readDims(reader: WireReader, dims: number[]): void {
  while (!reader.done) dims.push(reader.int64());
}

function readOutput(reader: WireReader): GrpcOutput {
  let name = '';
  let parameters = none;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x12) parameters = withParameter(parameters, reader.message());
    else reader.skip(tag, 2);
  }
  return parameters === none ? { name } : { name, parameters };
}

/** An entry of a map: a name and an `InferParameter`. */
function withParameter(parameters: GrpcParameters, reader: WireReader): GrpcParameters {
  let name = '';
  let value: string | number | boolean | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x12) value = readParameter(reader.message());
    else reader.skip(tag, 2);
  }
  // The one name that would not become a property; an object without a prototype would cost a table each.
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
