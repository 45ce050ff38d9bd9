import { ModelError } from '@onda/contract';
import type { Field, MessageName } from './messages.ts';
import { fieldOf } from './messages.ts';

/** Limits of a model file. */
export interface ReadLimits {
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** Nesting depth of messages; a subgraph takes three levels. */
  readonly depth: number;
  /** Total of nodes, attributes, tensors, value infos, dims, ... */
  readonly messages: number;
  /** Total of names and numbers outside raw data. */
  readonly values: number;
}

export const readLimits: ReadLimits = {
  bytes: 2 ** 31 - 1, // protobuf's own limit
  depth: 64,
  messages: 1_000_000, // a decoded message takes some 300 bytes
  values: 4_000_000, // a decoded 64-bit number takes some 40 bytes
};

const wireTypes = { integer: 0, fixed64: 1, bytes: 2, message: 2, fixed32: 5 } as const;
const fixedSizes = { fixed32: 4, fixed64: 8 } as const;

/**
 * Scans a model file without building anything: every length fits its message, every field has the wire type
 * of the decoder, and depth and counts are within the limits. Decoding then takes time and memory in
 * proportion to the counts.
 *
 * @throws ModelError that names the place
 */
export function scanModel(file: Uint8Array, limits: ReadLimits): void {
  if (file.length > limits.bytes) {
    throw new ModelError(
      `model file: expected at most ${limits.bytes} bytes, got ${file.length}; read it with a higher limit if you trust it`,
    );
  }
  new Scan(file, limits).message('Model', 0, file.length, 1);
}

class Scan {
  private readonly file: Uint8Array;
  private readonly limits: ReadLimits;
  private messageCount = 0;
  private valueCount = 0;
  private at = 0;

  constructor(file: Uint8Array, limits: ReadLimits) {
    this.file = file;
    this.limits = limits;
  }

  message(name: MessageName, start: number, end: number, depth: number): void {
    if (depth > this.limits.depth) throw this.beyond(`messages nested at most ${this.limits.depth} deep`);
    this.messageCount++;
    if (this.messageCount > this.limits.messages)
      throw this.beyond(`at most ${this.limits.messages} messages`);
    this.at = start;
    while (this.at < end) {
      const tag = this.integer(end);
      const field = fieldOf(name, Math.floor(tag / 8));
      if (tag < 8 || tag > 0xffff_ffff) throw this.damaged('a field number between 1 and 2^29');
      this.countValues(1);
      this.field(field, tag % 8, end, depth);
    }
  }

  private field(field: Field | undefined, wireType: number, end: number, depth: number): void {
    if (field?.kind === 'refused') {
      throw new ModelError(
        `model file: ${field.what} are not supported; write the model without them and read it again`,
      );
    }
    const packed = field !== undefined && 'packable' in field && wireType === wireTypes.bytes;
    if (field !== undefined && !packed && wireType !== wireTypes[field.kind]) {
      throw this.damaged(`wire type ${wireTypes[field.kind]}`, `${wireType}`);
    }
    switch (wireType) {
      case wireTypes.integer:
        this.integer(end);
        return;
      case wireTypes.fixed32:
        this.skip(4, end);
        return;
      case wireTypes.fixed64:
        this.skip(8, end);
        return;
      case wireTypes.bytes: {
        const length = this.integer(end);
        const start = this.at;
        this.skip(length, end);
        if (field?.kind === 'message') this.message(field.message, start, start + length, depth + 1);
        else if (packed) this.packed(field, start, start + length);
        return;
      }
      default:
        throw this.damaged('wire type 0, 1, 2 or 5', `${wireType}`);
    }
  }

  private packed(field: Field, start: number, end: number): void {
    if (field.kind === 'fixed32' || field.kind === 'fixed64') {
      const size = fixedSizes[field.kind];
      if ((end - start) % size !== 0) throw this.damaged(`packed values of ${size} bytes each`);
      this.countValues((end - start) / size);
      return;
    }
    this.at = start;
    while (this.at < end) {
      this.integer(end);
      this.countValues(1);
    }
  }

  /** A varint; beyond 53 bits it loses low bits, which no valid length has. */
  private integer(end: number): number {
    let value = 0;
    let weight = 1;
    for (let count = 0; count < 10; count++) {
      if (this.at >= end) throw this.damaged('a whole number', 'its end');
      const byte = this.file[this.at++];
      value += (byte % 128) * weight;
      if (byte < 128) return value;
      weight *= 128;
    }
    throw this.damaged('a number of at most 10 bytes');
  }

  private skip(length: number, end: number): void {
    if (length > end - this.at) throw this.damaged(`${length} more bytes`, `${end - this.at}`);
    this.at += length;
  }

  private countValues(count: number): void {
    this.valueCount += count;
    if (this.valueCount > this.limits.values) throw this.beyond(`at most ${this.limits.values} values`);
  }

  private damaged(expected: string, got?: string): ModelError {
    const came = got === undefined ? '' : `, got ${got}`;
    return new ModelError(
      `model file: at byte ${this.at} expected ${expected}${came}; the file is damaged or not an ONNX model`,
    );
  }

  private beyond(limit: string): ModelError {
    return new ModelError(
      `model file: expected ${limit}, got more; read it with a higher limit if you trust it`,
    );
  }
}
