import { ModelError } from '@onda/contract';
import { quoted } from '../text.ts';
import type { MessageName } from './messages.ts';
import { fieldOf } from './messages.ts';
import type { ReadLimits } from './scanModel.ts';
import { readLimits, scanModel } from './scanModel.ts';

/** Facts about a model file that need no decoding. */
export interface ModelFacts {
  /** Operators of all graphs, subgraphs included: `LSTM`, `com.microsoft:DynamicQuantizeLSTM`; unique and sorted. */
  readonly operators: readonly string[];
  /** Size of the file. */
  readonly bytes: number;
}

/** Field numbers of onnx.proto. */
const fields = {
  node: { op: 4, domain: 7 },
  tensor: { name: 8, externalData: 13, dataLocation: 14 },
} as const;

const standardDomain = 'ai.onnx';

/**
 * Inspects a model file before a runtime loads it. Safe on untrusted bytes, like `scanModel`, and copies no weights.
 *
 * @throws ModelError for a damaged file, for parts that `readModel` does not support (functions, sequences, ...), and for external
 *   data: the file's maker chose that path
 */
export function inspectModel(file: Uint8Array, limits: Partial<ReadLimits> = {}): ModelFacts {
  scanModel(file, { ...readLimits, ...limits });
  const operators = new Set<string>();
  walk(file, 'Model', 0, file.length, operators);
  return { operators: [...operators].sort(), bytes: file.byteLength };
}

const decoder = new TextDecoder();

function walk(
  file: Uint8Array,
  message: MessageName,
  start: number,
  end: number,
  operators: Set<string>,
): void {
  const parts = new Fields(file, start, end);
  let op = '';
  let domain = '';
  let name = '';
  let external = false;
  while (parts.next()) {
    const field = fieldOf(message, parts.number);
    if (message === 'Node' && parts.number === fields.node.op) op = parts.text();
    else if (message === 'Node' && parts.number === fields.node.domain) domain = parts.text();
    else if (message === 'Tensor' && parts.number === fields.tensor.name) name = parts.text();
    else if (message === 'Tensor' && parts.number === fields.tensor.externalData) external = true;
    else if (message === 'Tensor' && parts.number === fields.tensor.dataLocation)
      external ||= parts.value !== 0;
    else if (field?.kind === 'message') walk(file, field.message, parts.start, parts.end, operators);
  }
  if (message === 'Node') operators.add(domain === '' || domain === standardDomain ? op : `${domain}:${op}`);
  if (external) {
    throw new ModelError(
      `model file: tensor ${quoted(name)}: external data is not supported; write the model with its data inside`,
    );
  }
}

/** Iterates over the fields of one message. The bytes were scanned, so every length is valid. */
class Fields {
  number = 0;
  /** Value of a varint; 0 otherwise. */
  value = 0;
  /** Range of a length-delimited field. */
  start = 0;
  end = 0;
  readonly #file: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(file: Uint8Array, start: number, end: number) {
    this.#file = file;
    this.#at = start;
    this.#end = end;
  }

  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#integer();
    this.number = Math.floor(tag / 8);
    this.value = 0;
    this.start = this.#at;
    const wireType = tag % 8;
    if (wireType === 0) this.value = this.#integer();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 5) this.#at += 4;
    else {
      const length = this.#integer();
      this.start = this.#at;
      this.#at += length;
    }
    this.end = this.#at;
    return true;
  }

  text(): string {
    return decoder.decode(this.#file.subarray(this.start, this.end));
  }

  #integer(): number {
    let value = 0;
    let weight = 1;
    for (;;) {
      const byte = this.#file[this.#at++];
      value += (byte % 128) * weight;
      if (byte < 128) return value;
      weight *= 128;
    }
  }
}
