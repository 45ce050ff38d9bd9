import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { emitReadout, netConstants } from '../net/emitNet.ts';
import type { Net } from '../net/net.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import { emitRecurrent } from '../recurrent/emitRecurrent.ts';
import { foldReadout } from './fold.ts';
import { foldPays } from './foldPays.ts';

/**
 * Adds one sample of the closed loop, one recurrent node a layer. For a single sample Y_h is what Y would be, and states lie as inputs
 * do: no Squeeze between layers.
 *
 * The weights stand in the body itself: ONNX Runtime does not pack those that stand two graphs further out.
 *
 * @param body   of the Scan
 * @param states before the sample, [1, batch, units] each
 * @returns those after it
 */
export function nodePass(
  body: GraphBuilder,
  net: Net,
  states: readonly RecurrentStates[],
): RecurrentStates[] {
  const fold = foldPays(net, 2);
  const [first, ...others] = net.layers;
  const layers = [fold ? foldReadout(first, net.readout) : first, ...others];
  const own = netConstants({ constant: (tensor) => body.ownConstant(tensor) }, { ...net, layers });
  const top = { ...states[states.length - 1].h, timeMajor: true };
  let x = fold ? top : emitReadout(body, net, own, 'loop/', top);
  return layers.map(({ name, weights }, layer) => {
    const run = emitRecurrent(body, {
      name: `loop/${name}`,
      directions: [weights],
      constants: own.layers[layer],
      x,
      states: states[layer],
    });
    x = { ...run.states.h, timeMajor: true };
    return run.states;
  });
}
