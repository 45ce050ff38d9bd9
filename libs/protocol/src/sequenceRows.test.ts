import { describe, expect, it } from 'vitest';
import type { ProtocolTensor } from './datatypes.ts';
import { bindRequest } from './bindRequest.ts';
import type { BoundRequest } from './bindRequest.ts';
import { decodeInferRequest } from './inferRequest.ts';
import type { InferRequest } from './inferRequest.ts';
import type { SequenceControl } from './requestParameters.ts';
import { sequenceControls } from './sequenceRows.ts';

const model = {
  inputs: [
    { name: 'x', type: 'float32' as const, shape: ['batch', 'time', 1] },
    { name: 'state_in', type: 'float32' as const, shape: ['batch', 1] },
  ],
  outputs: [{ name: 'y', type: 'float32' as const, shape: ['batch', 'time', 1] }],
  states: [{ input: 'state_in', output: 'state_out' }],
};

const ids = (...values: bigint[]): ProtocolTensor => ({
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values),
});
const texts = (...data: string[]): ProtocolTensor => ({ type: 'string', dims: [data.length], data });
const bits = (...values: number[]): ProtocolTensor => ({
  type: 'uint32',
  dims: [values.length],
  data: Uint32Array.from(values),
});

/** The controls of a request with these inputs and so many rows. */
function readSequenceRows(
  inputs: Record<string, ProtocolTensor>,
  rows: number,
): readonly SequenceControl[] | undefined {
  const x: ProtocolTensor = { type: 'float32', dims: [rows, 1, 1], data: new Float32Array(rows) };
  const all = Object.entries({ x, ...inputs }).map(([name, tensor]) => ({ name, tensor }));
  return sequenceControls({ ...empty, inputs: all }, model);
}

const empty: InferRequest = {
  id: undefined,
  inputs: [],
  outputs: undefined,
  binary: false,
  sequence: undefined,
  schedule: { priority: undefined, timeoutMs: undefined },
  raw: undefined,
};

describe(sequenceControls, () => {
  it('reads the sequence of each row, from numbers of 64 bits or text', () => {
    expect(readSequenceRows({ sequence_id: ids(7n, 2n ** 62n + 1n) }, 2)).toEqual([
      { id: '7', start: false, end: false, step: undefined },
      { id: '4611686018427387905', start: false, end: false, step: undefined },
    ]);
    const all = { sequence_id: texts('a', 'b', 'c', 'd'), sequence_control_input: bits(0, 1, 2, 3) };
    expect(readSequenceRows({ ...all, sequence_step: ids(4n, 1n, 2n ** 40n, 1n) }, 4)).toEqual([
      { id: 'a', start: false, end: false, step: 4 },
      { id: 'b', start: true, end: false, step: 1 },
      { id: 'c', start: false, end: true, step: 2 ** 40 },
      { id: 'd', start: true, end: true, step: 1 },
    ]);
    expect(readSequenceRows({}, 2)).toBeUndefined();
  });

  it.each<[name: string, inputs: Record<string, ProtocolTensor>, message: string]>([
    [
      'fewer than the rows',
      { sequence_id: ids(1n) },
      'input "sequence_id": expected one value for each of the 2 rows, got 1; name the sequence of each row',
    ],
    [
      'controls without ids',
      { sequence_control_input: bits(1, 1) },
      'input "sequence_id" is missing; send it with sequence_control_input',
    ],
    [
      'a sequence twice',
      { sequence_id: ids(5n, 5n) },
      'input "sequence_id": expected each sequence once, got "5" in rows 0 and 1; send its steps in requests of their own, or as samples of one row',
    ],
    [
      'no id',
      { sequence_id: texts('a', '') },
      'input "sequence_id": expected numbers from 1 or text of 1 to 128 characters, got "" in row 1; name the sequence of each row',
    ],
    [
      'half a character',
      { sequence_id: texts('a', '\udc00') },
      'input "sequence_id": expected numbers from 1 or text of 1 to 128 characters, got "\\udc00" in row 1; name the sequence of each row',
    ],
    [
      'a negative id',
      { sequence_id: ids(1n, -1n) },
      'input "sequence_id": expected numbers from 1 or text of 1 to 128 characters, got -1 in row 1; name the sequence of each row',
    ],
    [
      'an unknown control',
      { sequence_id: ids(1n, 2n), sequence_control_input: bits(0, 4) },
      'input "sequence_control_input": expected 0, 1 (start), 2 (end) or 3 (both), got 4 in row 1; correct it',
    ],
    [
      'step 0',
      { sequence_id: ids(1n, 2n), sequence_step: ids(1n, 0n) },
      'input "sequence_step": expected whole numbers from 1, got 0 in row 1; count the steps of each sequence',
    ],
    [
      'a start as step 5',
      { sequence_id: ids(1n, 2n), sequence_control_input: bits(1, 1), sequence_step: ids(1n, 5n) },
      'input "sequence_step": expected 1 for a row that starts its sequence, got 5 in row 1; count from its start',
    ],
  ])('refuses %s', (_name, inputs, message) => {
    expect(() => readSequenceRows(inputs, 2)).toThrow(message);
  });

  it('refuses a request without rows', () => {
    expect(() => readSequenceRows({ sequence_id: ids() }, 0)).toThrow(
      'input "sequence_id": expected at least one row, got none; leave the request out when there is nothing to step',
    );
  });
});

describe(decodeInferRequest, () => {
  const decode = (
    more: object,
    parameters = {},
  ): BoundRequest & Pick<InferRequest, 'schedule'> & { rows: readonly SequenceControl[] | undefined } => {
    const x = { name: 'x', datatype: 'FP32', shape: [2, 1, 1], data: [1, 2] };
    const body = JSON.stringify({ inputs: [x, { name: 'sequence_id', ...more }], parameters });
    const request = decodeInferRequest(new TextEncoder().encode(body), undefined, 100);
    const rows = sequenceControls(request, model);
    return { schedule: request.schedule, rows, ...bindRequest(request, model, 100) };
  };

  it('separates the sequences of the rows from the inputs of the model, whose states are optional', () => {
    const { inputs, rows } = decode({ datatype: 'BYTES', shape: [2, 1], data: ['a', 'b'] });
    expect(Object.keys(inputs)).toEqual(['x']);
    expect(rows?.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(decode({ datatype: 'UINT64', shape: [2], data: [8, 9] }).rows?.[1].id).toBe('9');
  });

  it('refuses ids of another type, and sequences named in two places', () => {
    expect(() => decode({ datatype: 'FP32', shape: [2], data: [1, 2] })).toThrow(
      'input "sequence_id": expected datatype BYTES, got "FP32"; convert the values',
    );
    expect(() => decode({ datatype: 'INT64', shape: [2], data: [1, 2] }, { sequence_id: 5 })).toThrow(
      'parameters: sequence_id: expected none beside an input "sequence_id", got one; name the sequences in one place',
    );
  });

  it('reads when to run the request', () => {
    const ids = { datatype: 'INT64', shape: [2], data: [1, 2] };
    expect(decode(ids).schedule).toEqual({ priority: undefined, timeoutMs: undefined });
    expect(decode(ids, { priority: 1, timeout: 2500 }).schedule).toEqual({ priority: 1, timeoutMs: 2.5 });
    expect(() => decode(ids, { priority: 10 })).toThrow(
      'parameters: priority: expected 1 (first) to 9 (last), or 0 for the default, got 10; correct it',
    );
    expect(() => decode(ids, { timeout: -1 })).toThrow(
      'parameters: timeout: expected microseconds as a whole number, got -1; correct it',
    );
  });
});
