import type { Replay } from './replay.ts';
import type { Reference } from './reference.ts';

/**
 * How far a replay may be from PyTorch's run. PyTorch's own float32 run differs from the same run in float64 by 2e-5 (losses, relative),
 * 7e-6 (weights and predictions) and 2e-5 (closed loop); these are 3 to 10 times that.
 */
const limits = { losses: 1e-4, weights: 2e-5, predictions: 2e-5, 'closed loop': 2e-4 } as const;

type Quantity = keyof typeof limits;

/** The largest difference of one quantity, and where it is. */
export interface Difference {
  quantity: Quantity;
  /** Relative for losses, absolute otherwise. */
  worst: number;
  place: string;
  limit: number;
}

export const differenceHolds = (row: Difference): boolean => row.worst <= row.limit;

/** The largest difference of each quantity between a reference run and our replay of it. */
export function differences(reference: Reference, ours: Replay): Difference[] {
  const losses = worstOf('losses');
  reference.losses.forEach((loss, step) => {
    losses.see(Math.abs(ours.losses[step] - loss) / Math.abs(loss), `step ${step}`);
  });
  const weights = worstOf('weights');
  for (const [name, values] of Object.entries(reference.final)) {
    const expected = values.flat();
    const actual = ours.weights[name].flat();
    expected.forEach((value, i) => {
      weights.see(Math.abs(actual[i] - value), `${name}[${i}]`);
    });
  }
  const predictions = worstOf('predictions');
  for (const [step, values] of Object.entries(reference.predictions)) {
    const actual = ours.predictions.get(step);
    values.forEach((value, i) => {
      predictions.see(Math.abs((actual?.[i] ?? NaN) - value), `step ${step}, sample ${i}`);
    });
  }
  const closedLoop = worstOf('closed loop');
  reference.closed_loop.forEach((value, i) => {
    closedLoop.see(Math.abs(ours.closedLoop[i] - value), `sample ${i}`);
  });
  return [losses, weights, predictions, closedLoop].map(({ row }) => row);
}

/** Keeps the largest difference seen; a value that is not a number is larger than any. */
function worstOf(quantity: Quantity): { row: Difference; see(difference: number, place: string): void } {
  const row: Difference = { quantity, worst: -1, place: 'nothing compared', limit: limits[quantity] };
  return {
    row,
    see(difference, place) {
      const size = Number.isNaN(difference) ? Infinity : difference;
      if (size > row.worst) Object.assign(row, { worst: size, place });
    },
  };
}
