import { DataError, ShapeError } from '@onda/contract';
import type { TensorSpec, TensorType } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import { describeValue } from './jsonBody.ts';
import type { SequenceControl } from './sequenceControl.ts';
import { isSequenceId, MAX_ID_LENGTH } from './sequenceControl.ts';

/**
 * Inputs that make each row of a request a step of a sequence of its own; the names are those of OpenVINO Model Server, which has
 * one row. They are told from the model's inputs by name, so a model that has such an input keeps it.
 */
const types = {
  /** Of each row: numbers from 1, or text. */
  sequence_id: ['string', 'int64', 'uint64', 'int32', 'uint32'],
  /** Of each row: 1 starts its sequence, 2 ends it, 3 does both; 0 neither. */
  sequence_control_input: ['uint32', 'int32', 'uint8'],
  /** Of each row: which step this is, from 1. */
  sequence_step: ['int64', 'int32'],
} as const satisfies Record<string, readonly TensorType[]>;

const [START, END] = [1, 2];

/**
 * What a row input must look like; undefined for a name that is none.
 *
 * @param datatypes the protocol's names of the types
 */
export function sequenceRowSpec(
  input: Readonly<Record<string, unknown>>,
  datatypes: Readonly<Record<TensorType, string>>,
): TensorSpec | undefined {
  const name = input.name as keyof typeof types;
  if (typeof name !== 'string' || !Object.hasOwn(types, name)) return undefined;
  const allowed: readonly TensorType[] = types[name];
  // The one that came if it may, so that only one that may not is refused.
  const type = allowed.find((candidate) => datatypes[candidate] === input.datatype) ?? allowed[0];
  const shape = Array.isArray(input.shape) && input.shape.length === 2 ? ['batch', 1] : ['batch'];
  return { name, type: type, shape };
}

/**
 * The step that each row is; undefined for a request without `sequence_id`.
 *
 * @param inputs the row inputs that came, by name
 * @param rows   of the request
 * @throws DataError, ShapeError for row inputs that do not make sense
 */
export function readSequenceRows(
  inputs: Readonly<Record<string, ProtocolTensor>>,
  rows: number,
): readonly SequenceControl[] | undefined {
  const names = Object.keys(inputs);
  if (names.length === 0) return undefined;
  for (const name of names) {
    const [got] = inputs[name].dims;
    if (got === rows) continue;
    throw new ShapeError(
      `input "${name}": expected one value for each of the ${rows} rows, got ${got}; name the sequence of each row`,
    );
  }
  if (rows === 0) {
    throw new ShapeError(
      `input "${names[0]}": expected at least one row, got none; leave the request out when there is nothing to step`,
    );
  }
  if (!Object.hasOwn(inputs, 'sequence_id')) {
    throw new ShapeError(`input "sequence_id" is missing; send it with ${names.join(' and ')}`);
  }
  const idAt = idReader(inputs.sequence_id);
  const control = numberReader(inputs.sequence_control_input);
  const step = numberReader(inputs.sequence_step);
  const seen = new Map<string, number>();
  return Array.from({ length: rows }, (_, row): SequenceControl => {
    const id = idAt(row);
    const before = seen.get(id);
    if (before !== undefined) {
      throw new DataError(
        `input "sequence_id": expected each sequence once, got ${JSON.stringify(id)} in rows ${before} and ${row}; send its steps in requests of their own, or as samples of one row`,
      );
    }
    seen.set(id, row);
    const marks = readControl(row, control?.(row));
    return { id, ...marks, step: readStep(row, step?.(row), marks.start) };
  });
}

function readControl(row: number, bits = 0): Pick<SequenceControl, 'start' | 'end'> {
  if (bits < 0 || bits > START + END) {
    throw new DataError(
      `input "sequence_control_input": expected 0, 1 (start), 2 (end) or 3 (both), got ${bits} in row ${row}; correct it`,
    );
  }
  return { start: (bits & START) !== 0, end: (bits & END) !== 0 };
}

function readStep(row: number, step: number | undefined, start: boolean): number | undefined {
  if (start && step !== undefined && step !== 1) {
    throw new DataError(
      `input "sequence_step": expected 1 for a row that starts its sequence, got ${step} in row ${row}; count from its start`,
    );
  }
  if (step === undefined || (Number.isSafeInteger(step) && step > 0)) return step;
  throw new DataError(
    `input "sequence_step": expected whole numbers from 1, got ${step} in row ${row}; count the steps of each sequence`,
  );
}

function idReader(tensor: ProtocolTensor): (row: number) => string {
  const { data } = tensor;
  if (tensor.type === 'string') {
    return (row) => {
      const id = tensor.data[row];
      if (isSequenceId(id)) return id;
      throw wrongId(row, id);
    };
  }
  const number = numberReader(tensor);
  return (row) => {
    const id = number?.(row) ?? 0;
    if (id <= 0) throw wrongId(row, id);
    // Beyond the whole numbers of a double, the digits of the 64 bits themselves.
    return Number.isSafeInteger(id) ? String(id) : String(data[row]);
  };
}

function wrongId(row: number, id: unknown): DataError {
  return new DataError(
    `input "sequence_id": expected numbers from 1 or text of 1 to ${MAX_ID_LENGTH} characters, got ${describeValue(id)} in row ${row}; name the sequence of each row`,
  );
}

/** Whole numbers of any width as doubles, without an object for each of 64 bits. */
function numberReader(tensor: ProtocolTensor | undefined): ((row: number) => number) | undefined {
  if (tensor === undefined) return undefined;
  const { data } = tensor;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const low = new Uint32Array(data.buffer, data.byteOffset, data.length * 2);
    const high = data instanceof BigInt64Array ? new Int32Array(low.buffer, low.byteOffset, low.length) : low;
    return (row) => low[2 * row] + high[2 * row + 1] * 2 ** 32;
  }
  return (row) => Number(data[row]);
}
