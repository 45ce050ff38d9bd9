import { datatypes } from './datatypes.ts';
import type { InferResponse } from './inferResponse.ts';
import type { Parameters } from './requestParameters.ts';
import { tensorBytes } from './tensorBytes.ts';
import { fieldSize, textSize, varintSize, WireWriter } from './wireWriter.ts';

/** A protobuf message to write. Its size is computed first, so that it is written directly to its final buffer. */
export interface WireMessage {
  /** Bytes. */
  readonly size: number;
  write(target: Uint8Array, at: number): void;
}

type Names = Pick<InferResponse, 'modelName' | 'modelVersion' | 'id'>;

/** `ModelInferResponse`: values as little-endian bytes, which every client supports. */
export function encodeInferMessage(response: InferResponse): WireMessage {
  return new InferMessage(response);
}

/** `ModelStreamInferResponse` with a result. */
export function encodeStreamAnswer(response: InferResponse): WireMessage {
  const answer = new InferMessage(response);
  return {
    size: fieldSize(answer.size),
    write: (target, at) => {
      const writer = new WireWriter(target, at);
      writer.head(0x12, answer.size);
      answer.writeTo(writer);
    },
  };
}

/** `ModelStreamInferResponse` for a failed request, identified by its id. */
export function encodeStreamError(names: Names, details: string): WireMessage {
  const inner = namesSize(names);
  return {
    size: fieldSize(textSize(details)) + fieldSize(inner),
    write: (target, at) => {
      const writer = new WireWriter(target, at);
      writer.text(0x0a, details);
      writer.head(0x12, inner);
      writeNames(writer, names);
    },
  };
}

/** Its loops use no iterators and it keeps no sizes: each call has one, and their garbage would cost more than computing sizes twice. */
class InferMessage implements WireMessage {
  readonly size: number;
  readonly #response: InferResponse;
  /** The values of each output. */
  readonly #values: Uint8Array[];

  constructor(response: InferResponse) {
    const { parameters, outputs } = response;
    this.#response = response;
    this.#values = outputs.map(({ tensor }) => tensorBytes(tensor));
    let size = namesSize(response);
    if (parameters) size += parametersSize(parameters);
    for (let index = 0; index < outputs.length; index++) {
      size += fieldSize(outputSize(outputs[index])) + fieldSize(this.#values[index].length);
    }
    this.size = size;
  }

  write(target: Uint8Array, at: number): void {
    this.writeTo(new WireWriter(target, at));
  }

  writeTo(writer: WireWriter): void {
    const { parameters, outputs } = this.#response;
    writeNames(writer, this.#response);
    if (parameters) writeParameters(writer, parameters);
    for (let index = 0; index < outputs.length; index++) {
      const { name, tensor } = outputs[index];
      const { dims } = tensor;
      writer.head(0x2a, outputSize(outputs[index]));
      writer.text(0x0a, name);
      writer.text(0x12, datatypes[tensor.type]);
      writer.head(0x1a, dimsSize(dims));
      for (let axis = 0; axis < dims.length; axis++) writer.varint(dims[axis]);
    }
    for (let index = 0; index < outputs.length; index++) writer.bytes(0x32, this.#values[index]);
  }
}

/** Size of an output without its tag and length. */
function outputSize({ name, tensor }: InferResponse['outputs'][number]): number {
  return (
    fieldSize(textSize(name)) + fieldSize(datatypes[tensor.type].length) + fieldSize(dimsSize(tensor.dims))
  );
}

function dimsSize(dims: readonly number[]): number {
  let size = 0;
  for (let axis = 0; axis < dims.length; axis++) size += varintSize(dims[axis]);
  return size;
}

function namesSize({ modelName, modelVersion, id = '' }: Names): number {
  const size = fieldSize(textSize(modelName)) + fieldSize(textSize(modelVersion));
  return id === '' ? size : size + fieldSize(textSize(id));
}

function writeNames(writer: WireWriter, { modelName, modelVersion, id = '' }: Names): void {
  writer.text(0x0a, modelName);
  writer.text(0x12, modelVersion);
  if (id !== '') writer.text(0x1a, id);
}

/** Entries of a map: a name, and an `InferParameter`. */
function parametersSize(parameters: Parameters): number {
  let size = 0;
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) size += fieldSize(entrySize(name, value));
  }
  return size;
}

function entrySize(name: string, value: string | number | boolean): number {
  return fieldSize(textSize(name)) + fieldSize(valueSize(value));
}

function valueSize(value: string | number | boolean): number {
  return typeof value === 'string' ? fieldSize(textSize(value)) : 1 + varintSize(Math.trunc(Number(value)));
}

function writeParameters(writer: WireWriter, parameters: Parameters): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    writer.head(0x22, entrySize(name, value));
    writer.text(0x0a, name);
    writer.head(0x12, valueSize(value));
    if (typeof value === 'string') writer.text(0x1a, value);
    else writer.head(typeof value === 'boolean' ? 0x08 : 0x10, Math.trunc(Number(value)));
  }
}
