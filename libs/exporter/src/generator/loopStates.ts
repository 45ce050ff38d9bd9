import type { Value } from '../graph/value.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';

/** All layers' states in one list: of each h, then c of an lstm. */
export function listStates(states: readonly RecurrentStates[]): Value[] {
  return states.flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]));
}

/** The states of a net from the list that `listStates` makes of them. */
export function statesOfList(values: readonly Value[], like: readonly RecurrentStates[]): RecurrentStates[] {
  let next = 0;
  return like.map(({ c }) =>
    c === undefined ? { h: values[next++] } : { h: values[next++], c: values[next++] },
  );
}
