import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** The example model, which every request is for: one sample with its state. */
export const model = 'lagged-sine';

const STATE = 32;

const inputs = [
  { name: 'x', datatype: 'FP32', shape: [1, 1, 1], values: [0.5] },
  {
    name: 'state_in',
    datatype: 'FP32',
    shape: [1, STATE],
    values: Array.from({ length: STATE }, (_, unit) => Math.fround(Math.sin(unit) / 2)),
  },
];

/** A body and its headers. */
export interface RequestBody {
  bytes: Buffer;
  headers: Readonly<Record<string, string>>;
}

export function jsonBody(): RequestBody {
  const document = {
    inputs: inputs.map(({ name, datatype, shape, values }) => ({ name, shape, datatype, data: values })),
  };
  return { bytes: Buffer.from(JSON.stringify(document)), headers: { 'content-type': 'application/json' } };
}

/** The binary tensor extension for the request and the response. */
export function binaryBody(): RequestBody {
  const raw = inputs.map(({ values }) => bytesOf(values));
  const document = {
    inputs: inputs.map(({ name, datatype, shape }, index) => ({
      name,
      shape,
      datatype,
      parameters: { binary_data_size: raw[index].length },
    })),
    parameters: { binary_data_output: true },
  };
  const json = Buffer.from(JSON.stringify(document));
  return {
    bytes: Buffer.concat([json, ...raw]),
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(json.length),
    },
  };
}

const proto = fileURLToPath(new URL('../../../../apps/server/proto/inference.proto', import.meta.url));

let service: ServiceDefinition | undefined;

/** The protocol's gRPC service. */
export function inferenceService(): ServiceDefinition {
  service ??= loadSync(proto, { keepCase: true, longs: String, defaults: true })[
    'inference.GRPCInferenceService'
  ] as ServiceDefinition;
  return service;
}

/** `ModelInferRequest`. */
export const grpcRequest = {
  model_name: model,
  inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  raw_input_contents: inputs.map(({ values }) => bytesOf(values)),
};

function bytesOf(values: readonly number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

/** gRPC's frame of a protobuf message: a flag and the length before it. */
export function frameOf(message: Buffer): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const HEAD = 5;

/** Splits a stream's bytes into its messages. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are complete with these bytes. */
  read(part: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    const messages: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= HEAD) {
      const end = at + HEAD + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      messages.push(bytes.subarray(at + HEAD, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return messages;
  }
}

/** Protobuf tags of a stream's answer; all fields have a length. */
const tags = { error: 0x0a, response: 0x12, id: 0x1a, parameters: 0x22 };

/**
 * The id of a ModelStreamInferResponse, and whether it reports an error or failed sequences. Decoding the whole message would take more time than the service
 * under measurement.
 */
export function readAnswer(message: Buffer): { id: string; failed: boolean } {
  let id = '';
  let failed = false;
  for (const { tag, content } of fieldsOf(message)) {
    // An empty text may be encoded or omitted.
    if (tag === tags.error) failed ||= content.length > 0;
    if (tag !== tags.response) continue;
    for (const field of fieldsOf(content)) {
      if (field.tag === tags.id) id = field.content.toString('latin1');
      if (field.tag === tags.parameters) failed ||= field.content.includes('sequence_failed');
    }
  }
  return { id, failed };
}

function* fieldsOf(bytes: Buffer): Generator<{ tag: number; content: Buffer }> {
  for (let at = 0; at < bytes.length;) {
    let length = 0;
    let start = at + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[start++];
      length += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    yield { tag: bytes[at], content: bytes.subarray(start, start + length) };
    at = start + length;
  }
}

/** Position of a step in its sequence. */
export type StepKind = 'start' | 'middle' | 'end';

/** ModelStreamInfer frames of a sequence's steps, each with one sample. */
export function stepFrames(sequence: number): Record<StepKind, Buffer> {
  const step = (parameters: object): Buffer =>
    streamFrame({
      ...{ model_name: model, id: String(sequence) },
      parameters: { ...parameters, sequence_id: { int64_param: sequence } },
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1, 1] }],
      raw_input_contents: [bytesOf([Math.sin(sequence)])],
    });
  return {
    start: step({ sequence_start: { bool_param: true } }),
    middle: step({}),
    end: step({ sequence_end: { bool_param: true } }),
  };
}

/**
 * ModelStreamInfer frames that step several sequences at once by one sample.
 *
 * @param id    of the messages
 * @param first id of the first sequence; the others follow it
 */
export function groupFrames(id: string, first: number, rows: number): Record<StepKind, Buffer> {
  const numbers = Array.from({ length: rows }, (_, row) => first + row);
  const x = bytesOf(numbers.map(Math.sin));
  const ids = Buffer.from(BigInt64Array.from(numbers, BigInt).buffer);
  const step = (control: number): Buffer =>
    streamFrame({
      ...{ model_name: model, id },
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [rows, 1, 1] },
        { name: 'sequence_id', datatype: 'INT64', shape: [rows] },
        { name: 'sequence_control_input', datatype: 'UINT32', shape: [rows] },
      ],
      raw_input_contents: [x, ids, Buffer.from(new Uint32Array(rows).fill(control).buffer)],
    });
  return { start: step(1), middle: step(0), end: step(2) };
}

function streamFrame(request: object): Buffer {
  return frameOf(inferenceService()['ModelStreamInfer'].requestSerialize(request));
}
