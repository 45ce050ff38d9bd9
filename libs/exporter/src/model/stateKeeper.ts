import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';

/** Where the states of recurrent layers come from and go to when a model's author gave none. */
export interface StateKeeper {
  /** Whether the model is exported with its states as input and output. */
  readonly stateful: boolean;
  /** The states that a layer starts from, [1, batch, units]; undefined: zeros. */
  start(layer: string, weights: RecurrentWeights): RecurrentStates | undefined;
  /** The states that it ended with. */
  end(layer: string, states: RecurrentStates): void;
}

/** Every sequence starts from zeros, and its last states are not put out. */
export const noStates: StateKeeper = {
  stateful: false,
  start: () => undefined,
  end: () => undefined,
};
