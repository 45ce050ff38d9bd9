import { emitIf } from '../graph/emitIf.ts';
import type { ClosedLoop } from './closedLoop.ts';
import { listStates, statesOfList } from './loopStates.ts';

/** Float32 values that a form without a loop may hold, 256 MiB: it makes all samples at once. */
const MOST_VALUES = 2 ** 26;

/**
 * One of two forms of a closed loop, by the size of the batch that comes, and by how much `small` would hold.
 *
 * @param least  batches from this size on take `large`
 * @param values that `small` holds for a sample of one sequence
 */
export function byBatch(least: number, values: number, small: ClosedLoop, large: ClosedLoop): ClosedLoop {
  if (least <= 1) return large;
  return (builder, start) => {
    const { batch, samples, net, prompt } = start;
    const flag = { shape: [1], type: 'bool' as const };
    const wide = builder.single('loop/is_wide', 'GreaterOrEqual', [batch, builder.integers([least])], flag);
    const all = builder.single('loop/size', 'Mul', [samples, batch], { shape: [1], type: 'int64' });
    const most = builder.integers([Math.floor(MOST_VALUES / values)]);
    const long = builder.single('loop/is_long', 'Greater', [all, most], flag);
    const isLarge = builder.single('loop/is_large', 'Or', [wide, long], flag);
    const branch =
      (loop: ClosedLoop) =>
      (inner: typeof builder): ReturnType<typeof listStates> => {
        const { y, states } = loop(inner, start);
        return [y, ...listStates(states)];
      };
    const [y, ...states] = emitIf(builder, 'by_batch', isLarge, branch(large), branch(small));
    const shape = ['samples', 'batch', net.spec.outputs];
    return { y: { ...y, shape, timeMajor: true }, states: statesOfList(states, prompt.states) };
  };
}
