import { datatypes } from '../datatypes.ts';
import type { InferResponse } from '../inferResponse.ts';
import type { Parameters } from '../parameters.ts';
import { tensorBytes } from '../tensorBytes.ts';
import type { GrpcInferRequest } from './inferRequestMessage.ts';
import type { WireMessage } from './wireMessage.ts';
import { fieldSize, textSize, varintSize, WireWriter } from './wireWriter.ts';

/** A field that is written, with its size. */
interface Part {
  readonly size: number;
  write(writer: WireWriter): void;
}

/** `ModelInferResponse`: values as bytes, little-endian, which every client reads. */
export function encodeInferMessage(response: InferResponse): WireMessage {
  return messageOf(responseParts(response));
}

/** `ModelStreamInferResponse` with an answer. */
export function encodeStreamAnswer(response: InferResponse): WireMessage {
  return messageOf([messagePart(0x12, responseParts(response))]);
}

/** `ModelStreamInferResponse` for a request that failed, which its id tells. */
export function encodeStreamError(
  { modelName, modelVersion, id }: Pick<GrpcInferRequest, 'modelName' | 'modelVersion' | 'id'>,
  details: string,
): WireMessage {
  return messageOf([textPart(0x0a, details), messagePart(0x12, namesOf(modelName, modelVersion, id))]);
}

function responseParts(response: InferResponse): Part[] {
  const parts = namesOf(response.modelName, response.modelVersion, response.id ?? '');
  if (response.parameters) addParameters(parts, response.parameters);
  for (const { name, tensor } of response.outputs) {
    parts.push(
      messagePart(0x2a, [
        textPart(0x0a, name),
        textPart(0x12, datatypes[tensor.type]),
        dimsPart(tensor.dims),
      ]),
    );
  }
  for (const { tensor } of response.outputs) parts.push(bytesPart(0x32, tensorBytes(tensor)));
  return parts;
}

function namesOf(modelName: string, modelVersion: string, id: string): Part[] {
  const parts = [textPart(0x0a, modelName), textPart(0x12, modelVersion)];
  if (id !== '') parts.push(textPart(0x1a, id));
  return parts;
}

function addParameters(parts: Part[], parameters: Parameters): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    parts.push(messagePart(0x22, [textPart(0x0a, name), messagePart(0x12, [parameterPart(value)])]));
  }
}

function parameterPart(value: string | number | boolean): Part {
  if (typeof value === 'string') return textPart(0x1a, value);
  const [tag, number] = typeof value === 'boolean' ? [0x08, Number(value)] : [0x10, Math.trunc(value)];
  return {
    size: 1 + varintSize(number),
    write: (writer) => {
      writer.head(tag, number);
    },
  };
}

function textPart(tag: number, text: string): Part {
  return {
    size: fieldSize(textSize(text)),
    write: (writer) => {
      writer.text(tag, text);
    },
  };
}

function bytesPart(tag: number, bytes: Uint8Array): Part {
  return {
    size: fieldSize(bytes.length),
    write: (writer) => {
      writer.bytes(tag, bytes);
    },
  };
}

function dimsPart(dims: readonly number[]): Part {
  let bytes = 0;
  for (const dim of dims) bytes += varintSize(dim);
  return {
    size: fieldSize(bytes),
    write: (writer) => {
      writer.head(0x1a, bytes);
      for (const dim of dims) writer.varint(dim);
    },
  };
}

function messagePart(tag: number, parts: readonly Part[]): Part {
  const bytes = sizeOf(parts);
  return {
    size: fieldSize(bytes),
    write: (writer) => {
      writer.head(tag, bytes);
      for (const part of parts) part.write(writer);
    },
  };
}

function messageOf(parts: readonly Part[]): WireMessage {
  return {
    size: sizeOf(parts),
    write: (target, at) => {
      const writer = new WireWriter(target, at);
      for (const part of parts) part.write(writer);
    },
  };
}

function sizeOf(parts: readonly Part[]): number {
  let size = 0;
  for (const part of parts) size += part.size;
  return size;
}
