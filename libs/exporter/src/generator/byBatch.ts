import { emitIf } from '../graph/emitIf.ts';
import type { ClosedLoop } from './closedLoop.ts';
import { listStates, statesOfList } from './loopStates.ts';

/**
 * One of two forms of a closed loop, by the size of the batch that comes.
 *
 * @param least batches from this size on take `large`
 */
export function byBatch(least: number, small: ClosedLoop, large: ClosedLoop): ClosedLoop {
  if (least <= 1) return large;
  return (builder, start) => {
    const { batch, net, prompt } = start;
    const isLarge = builder.single('loop/is_large', 'GreaterOrEqual', [batch, builder.integers([least])], {
      shape: [1],
      type: 'bool',
    });
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
