import { ProtocolError } from '@onda/protocol';
import type { SequenceControl } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import { livesAlready, named, notLiving } from './sequenceErrors.ts';
import type { GoneSequence, LastStep, LiveSequence, Tensors } from './sequenceState.ts';

type Found = LiveSequence | GoneSequence | undefined;

/**
 * The step's answer if it was done before: the same number twice is one step. The sequence may be over by then.
 *
 * A start of a sequence that is over begins it anew, unless it is the very request that began and ended it: what came to an end
 * otherwise is of no use to a client that wants to go on.
 *
 * @param fed what the step feeds, the state that it brings among it, at `row`
 * @throws ProtocolError 409 if it was done with other values
 */
export function doneBefore(
  { id, ownId = id, step, start, end }: SequenceControl,
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
  if (found?.kind === 'gone' && start && !(end && same)) return undefined;
  if (same) return last;
  throw new ProtocolError(
    'conflict',
    `${named(ownId)}: step ${step} was done with other values; send what follows as step ${step + 1}`,
  );
}

/**
 * The sequence that a step goes on from; undefined for one that it begins.
 *
 * @param bringsState the request has a state of its own
 * @throws ProtocolError 400, 404, 409 or 410 if the step may not be done
 */
export function sequenceBefore(
  { id, ownId = id, start, step }: SequenceControl,
  found: Found,
  bringsState: boolean,
): LiveSequence | undefined {
  const live = found?.kind === 'live' ? found : undefined;
  if (start) {
    if (live) throw livesAlready(ownId);
    return undefined;
  }
  if (live === undefined) throw notLiving(ownId, found as GoneSequence | undefined);
  if (bringsState) {
    throw new ProtocolError(
      'malformed',
      `${named(ownId)}: expected no state_in, since the service keeps its state, got one; send it with sequence_start alone`,
    );
  }
  if (step !== undefined && step !== live.steps + 1) {
    throw new ProtocolError(
      'conflict',
      `${named(ownId)}: expected step ${live.steps + 1}, got ${step}; send its steps in turn`,
    );
  }
  return live;
}

/** Whether the outputs hold finite numbers alone. */
export function allFinite(names: readonly string[], tensors: Tensors): boolean {
  return names.every((name) => {
    const { data } = tensors[name];
    return !isFloats(data) || finite(data);
  });
}

export function isFloats(data: RuntimeTensor['data']): data is Float32Array | Float64Array {
  return data instanceof Float32Array || data instanceof Float64Array;
}

/** A loop: on a hundred thousand values a call for each would take longer than the run. */
export function finite(data: Float32Array | Float64Array): boolean {
  for (let index = 0; index < data.length; index++) {
    if (!Number.isFinite(data[index])) return false;
  }
  return true;
}

/** 422 if a row of an output holds what is not finite: it would stay in the state for good. */
export function notFinite(
  { id, ownId = id }: SequenceControl,
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
        `${named(ownId)}: output "${name}": the model's answer has ${data[value]} at position ${value - index * width}; the sequence stays as it was, check the size of the values sent`,
      );
    }
  }
  return undefined;
}

/** Whether a row holds the values of a tensor of one row. */
function sameValues({ data, dims }: RuntimeTensor, row: number, one: RuntimeTensor | undefined): boolean {
  const width = data.length / dims[0];
  if (one?.data.length !== width) return false;
  for (let index = 0; index < width; index++) {
    if (data[row * width + index] !== one.data[index]) return false;
  }
  return true;
}
