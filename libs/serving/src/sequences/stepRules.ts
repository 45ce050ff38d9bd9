import { ProtocolError } from '@onda/protocol';
import type { SequenceControl } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import { alreadyLive, named, notLive } from './sequenceErrors.ts';
import type { EndedSequence, LastStep, LiveSequence, Tensors } from './sequenceStore.ts';

type Found = LiveSequence | EndedSequence | undefined;

/**
 * The kept response if a numbered step was already run: a repeated number is one step. The sequence may have ended since.
 *
 * The start of an ended sequence begins a new one, unless it repeats the request that both started and ended it, which is then a
 * retry.
 *
 * @param fed what the step feeds at `row`, including a state that the request contains
 * @throws ProtocolError 409 if it was run with other values
 */
export function repeatedStep(
  { id, step, start, end }: SequenceControl,
  fed: Tensors,
  found: Found,
  row = 0,
): LastStep | undefined {
  const last = found?.last;
  if (step === undefined || last?.step !== step) return undefined;
  const names = Object.keys(fed);
  const same =
    names.length === Object.keys(last.inputs).length &&
    names.every((name) => sameValues(fed[name], row, last.inputs[name]));
  if (found?.kind === 'ended' && start && !(end && same)) return undefined;
  if (same) return last;
  throw new ProtocolError(
    'conflict',
    `${named(id)}: step ${step} was already run with other values; send the next values as step ${step + 1}`,
  );
}

/**
 * The record that a step continues; undefined for a new sequence.
 *
 * @param bringsState whether the request contains a state
 * @throws ProtocolError 400, 404, 409 or 410 if the step is not allowed
 */
export function continuedSequence(
  { id, start, step }: SequenceControl,
  found: Found,
  bringsState: boolean,
): LiveSequence | undefined {
  if (start) {
    if (found?.kind === 'live') throw alreadyLive(id);
    return undefined;
  }
  if (found?.kind !== 'live') throw notLive(id, found);
  if (bringsState) {
    throw new ProtocolError(
      'malformed',
      `${named(id)}: expected no state_in, since the service keeps the state, got one; send it only with sequence_start`,
    );
  }
  if (step !== undefined && step !== found.steps + 1) {
    throw new ProtocolError(
      'conflict',
      `${named(id)}: expected step ${found.steps + 1}, got ${step}; send its steps in order`,
    );
  }
  return found;
}

/** Whether all numbers of the outputs are finite. */
export function allFinite(names: readonly string[], tensors: Tensors): boolean {
  return names.every((name) => {
    const { data } = tensors[name];
    return !isFloats(data) || finite(data);
  });
}

export function isFloats(data: RuntimeTensor['data']): data is Float32Array | Float64Array {
  return data instanceof Float32Array || data instanceof Float64Array;
}

/** A loop, since `every` on a hundred thousand values takes longer than the run. */
export function finite(data: Float32Array | Float64Array): boolean {
  for (let index = 0; index < data.length; index++) {
    if (!Number.isFinite(data[index])) return false;
  }
  return true;
}

/** Error 422 if a row of an output has a value that is not finite, which would remain in the state. */
export function notFinite(
  { id }: SequenceControl,
  names: readonly string[],
  tensors: Tensors,
  index = 0,
): ProtocolError | undefined {
  for (const name of names) {
    const { data, dims } = tensors[name];
    if (!isFloats(data)) continue;
    const width = data.length / dims[0];
    for (let value = index * width; value < (index + 1) * width; value++) {
      if (Number.isFinite(data[value])) continue;
      return new ProtocolError(
        'not-finite',
        `${named(id)}: output "${name}": the model returned ${data[value]} at position ${value - index * width}; the sequence is unchanged; check the magnitude of the inputs`,
      );
    }
  }
  return undefined;
}

/** Whether a row equals a tensor of one row. */
function sameValues({ data, dims }: RuntimeTensor, row: number, one: RuntimeTensor | undefined): boolean {
  const width = data.length / dims[0];
  if (one?.data.length !== width) return false;
  for (let index = 0; index < width; index++) {
    if (data[row * width + index] !== one.data[index]) return false;
  }
  return true;
}
