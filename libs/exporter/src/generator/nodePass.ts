import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { NetConstants } from '../net/emitNet.ts';
import { emitReadout } from '../net/emitNet.ts';
import type { Net } from '../net/net.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/emitRecurrent.ts';
import { foldReadout } from './fold.ts';
import { foldPays } from './foldPays.ts';

/** Adds one sample of the closed loop: the states after it from those before, [1, batch, units] each. */
export type NodePass = (inner: GraphBuilder, states: readonly RecurrentStates[]) => RecurrentStates[];

/**
 * One sample of a net, one recurrent node a layer. For a single sample Y_h is what Y would be, and states lie as inputs do: no
 * Squeeze between layers.
 *
 * @param builder takes the constants
 */
export function nodePass(builder: GraphBuilder, net: Net, constants: NetConstants): NodePass {
  const fold = foldPays(net, 2);
  const [first, ...others] = net.layers;
  const fed = fold ? foldReadout(first, net.readout) : first;
  const fedConstants = fold
    ? recurrentConstants(builder, `loop/${first.name}`, [fed.weights])
    : constants.layers[0];
  return (inner, states) => {
    const top = { ...states[states.length - 1].h, timeMajor: true };
    let x = fold ? top : emitReadout(inner, net, constants, 'loop/', top);
    return [fed, ...others].map(({ name, weights }, layer) => {
      const run = emitRecurrent(inner, {
        name: `loop/${name}`,
        directions: [weights],
        constants: layer === 0 ? fedConstants : constants.layers[layer],
        x,
        states: states[layer],
      });
      x = { ...run.states.h, timeMajor: true };
      return run.states;
    });
  };
}
