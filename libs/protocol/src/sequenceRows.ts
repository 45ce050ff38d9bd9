import { DataError, ShapeError } from '@onda/contract';
import type { TensorSpec, TensorType } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import type { InferInput, InferRequest } from './inferRequest.ts';
import { describeValue } from './jsonBody.ts';
import { checkInput } from './modelTensors.ts';
import type { ModelTensors } from './modelTensors.ts';
import { ProtocolError } from './protocolError.ts';
import { isSequenceId, MAX_ID_LENGTH } from './requestParameters.ts';
import type { SequenceControl } from './requestParameters.ts';

/**
 * Inputs that make each row of a request a step of its own sequence, with the types they may have. The names are those of OpenVINO
 * Model Server, which takes one row. A model that has an input of such a name keeps it.
 */
const types = {
  /** Numbers from 1, or text. */
  sequence_id: ['string', 'int64', 'uint64', 'int32', 'uint32'],
  /** 1 starts the row's sequence, 2 ends it, 3 does both, 0 neither. */
  sequence_control_input: ['uint32', 'int32', 'uint8'],
  /** The number of the step, from 1. */
  sequence_step: ['int64', 'int32'],
} as const satisfies Record<string, readonly TensorType[]>;

const [START, END] = [1, 2];

/** Whether the name is that of a row input, unless the model has an input of that name. */
export function isRowInput(name: string): boolean {
  return Object.hasOwn(types, name);
}

/**
 * The sequences that a request steps, in the order of its rows.
 *
 * @param model the current version: an input that the model itself has does not name sequences
 * @returns undefined for a request without sequences
 * @throws DataError, ShapeError, ProtocolError for inputs and parameters that contradict each other
 */
export function sequenceControls(
  { inputs, sequence }: InferRequest,
  model: ModelTensors,
): readonly SequenceControl[] | undefined {
  let rowInputs: Map<string, ProtocolTensor> | undefined;
  let rows = 0;
  let first = true;
  for (const input of inputs) {
    const { name, tensor } = input;
    if (!isRowInput(name) || model.inputs.some((own) => own.name === name)) {
      if (first) rows = tensor.dims.at(0) ?? 0;
      first = false;
      continue;
    }
    rowInputs ??= new Map();
    if (rowInputs.has(name)) throw new ShapeError(`input "${name}": expected once, got it twice; remove one`);
    checkInput(input, rowSpec(input));
    rowInputs.set(name, tensor);
  }
  if (rowInputs === undefined) return sequence && [sequence];
  if (sequence) {
    throw new ProtocolError(
      'malformed',
      'parameters: sequence_id: expected none beside an input "sequence_id", got one; name the sequences in one place',
    );
  }
  return readRows(rowInputs, rows);
}

/** The specification of a row input. */
function rowSpec({ name, tensor }: InferInput): TensorSpec {
  const allowed: readonly TensorType[] = types[name as keyof typeof types];
  const type = allowed.includes(tensor.type) ? tensor.type : allowed[0];
  return { name, type, shape: tensor.dims.length === 2 ? ['batch', 1] : ['batch'] };
}

function readRows(inputs: ReadonlyMap<string, ProtocolTensor>, rows: number): readonly SequenceControl[] {
  const names = [...inputs.keys()];
  for (const [name, { dims }] of inputs) {
    if (dims[0] === rows) continue;
    throw new ShapeError(
      `input "${name}": expected one value for each of the ${rows} rows, got ${dims[0]}; name the sequence of each row`,
    );
  }
  if (rows === 0) {
    throw new ShapeError(
      `input "${names[0]}": expected at least one row, got none; leave the request out when there is nothing to step`,
    );
  }
  const ids = inputs.get('sequence_id');
  if (ids === undefined) {
    throw new ShapeError(`input "sequence_id" is missing; send it with ${names.join(' and ')}`);
  }
  const idAt = idReader(ids);
  const control = numberReader(inputs.get('sequence_control_input'));
  const step = numberReader(inputs.get('sequence_step'));
  const seen = new Map<string, number>();
  const controls: SequenceControl[] = [];
  for (let row = 0; row < rows; row++) {
    const id = idAt(row);
    const before = seen.get(id);
    if (before !== undefined) {
      throw new DataError(
        `input "sequence_id": expected each sequence once, got ${JSON.stringify(id)} in rows ${before} and ${row}; send its steps in requests of their own, or as samples of one row`,
      );
    }
    seen.set(id, row);
    const bits = readControl(row, control?.(row));
    const start = (bits & START) !== 0;
    controls.push({ id, start, end: (bits & END) !== 0, step: readStep(row, step?.(row), start) });
  }
  return controls;
}

function readControl(row: number, bits = 0): number {
  if (bits < 0 || bits > START + END) {
    throw new DataError(
      `input "sequence_control_input": expected 0, 1 (start), 2 (end) or 3 (both), got ${bits} in row ${row}; correct it`,
    );
  }
  return bits;
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
    // Above the exact integers of a double, the digits of the 64-bit number.
    return Number.isSafeInteger(id) ? String(id) : String(data[row]);
  };
}

function wrongId(row: number, id: unknown): DataError {
  return new DataError(
    `input "sequence_id": expected numbers from 1 or text of 1 to ${MAX_ID_LENGTH} characters, got ${describeValue(id)} in row ${row}; name the sequence of each row`,
  );
}

/** Whole numbers of any width as doubles; without a bigint for each value of 64 bits. */
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
