import { elementsOf, typedArrays } from '@onda/contract';
import type { TensorType } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import type { ControlTensor } from './modelSignature.ts';

/** The position of a row's step in its sequence. */
export interface RowMarks {
  readonly start: boolean;
  readonly end: boolean;
  readonly id: string;
}

/** A request without a sequence: for the model a sequence of one step without an id. */
export const aloneMarks: RowMarks = { start: true, end: true, id: '' };

/**
 * The control inputs of a run.
 *
 * @param marks of each row
 * @returns a tensor [rows, ...] for each control; symbolic dims are 1
 * @throws ProtocolError 400 for an id that the model's type cannot hold
 */
export function controlFeeds(
  controls: readonly ControlTensor[],
  marks: readonly RowMarks[],
): Record<string, RuntimeTensor> {
  const feeds: Record<string, RuntimeTensor> = {};
  for (const control of controls) {
    const { input, type, shape } = control;
    const own = shape.slice(1).map((dim) => (typeof dim === 'number' ? dim : 1));
    const width = elementsOf(own);
    const values = marks.map((mark) => valueOf(control, mark));
    const all = values.flatMap((value) => Array.from({ length: width }, () => value));
    const data = type === 'string' ? all : new typedArrays[type](all as never);
    feeds[input] = { type, dims: [marks.length, ...own], data } as RuntimeTensor;
  }
  return feeds;
}

function valueOf({ kind, type, values }: ControlTensor, mark: RowMarks): number | bigint | string {
  if (kind === 'corrid') return idValue(mark.id, type);
  return kind === 'ready' || mark[kind] ? values[1] : values[0];
}

const mostOf: Partial<Record<TensorType, bigint>> = {
  int32: 2n ** 31n - 1n,
  uint32: 2n ** 32n - 1n,
  int64: 2n ** 63n - 1n,
  uint64: 2n ** 64n - 1n,
};

function idValue(id: string, type: TensorType): number | bigint | string {
  if (type === 'string') return id;
  const most = mostOf[type] ?? 0n;
  const value = /^\d{0,20}$/.test(id) ? BigInt(id) : most + 1n;
  if (value > most) {
    throw new ProtocolError(
      'malformed',
      `sequence_id: expected a whole number up to ${most}, since the model takes it as ${type}, got ${JSON.stringify(id)}; use such a number`,
    );
  }
  return type === 'int32' || type === 'uint32' ? Number(value) : value;
}
