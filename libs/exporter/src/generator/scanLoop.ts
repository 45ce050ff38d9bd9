import { attribute, floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis } from '../graph/ops.ts';
import { emitIf, emitScan } from '../graph/subgraphs.ts';
import type { Value } from '../graph/value.ts';
import { emitReadout, netConstants } from '../model/netGraph.ts';
import type { Net, NetLayer } from '../model/readNet.ts';
import { emitFunction } from '../recurrent/recurrentActivations.ts';
import type { RecurrentStates } from '../recurrent/recurrentNode.ts';
import { emitRecurrent } from '../recurrent/recurrentNode.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import type { ClosedLoop, LoopStart } from './closedLoop.ts';
import { fedCount, listStates, scanRows, statesOfList } from './closedLoop.ts';
import { foldPays, foldReadout } from './foldReadout.ts';

/**
 * The closed loop of stacked layers with lag 1: a Scan that runs the net once a sample. The read-out of the returned values follows
 * after the Scan, for all samples at once.
 */
export const scanLoop: ClosedLoop = (builder, start) => {
  const { net, constants, prompt, samples } = start;
  const { fed, more } = fedCount(builder, samples);
  const first = prompt.states[prompt.states.length - 1].h;
  const results = emitIf(
    builder,
    'loop',
    more,
    (inner) => {
      const { h, states } = scanStack(inner, start, fed);
      const shape = ['samples', 'batch', net.spec.units];
      const all = inner.single('loop/h', 'Concat', [first, h], { shape, timeMajor: true }, axis(0));
      return [all, ...listStates(states)];
    },
    (inner) => {
      const zero = inner.integers([0]);
      const few = { shape: ['few', 'batch', net.spec.units], timeMajor: true };
      const wanted = inner.single('loop/wanted', 'Slice', [first, zero, samples, zero], few);
      return [wanted, ...listStates(prompt.states)];
    },
  );
  const [h, ...states] = results;
  return { y: emitReadout(builder, net, constants, '', h), states: statesOfList(states, prompt.states) };
};

/** The Scan, with h of the last layer for each fed sample, [fed, batch, units]. */
function scanStack(
  builder: GraphBuilder,
  { net, prompt }: LoopStart,
  fed: Value,
): { h: Value; states: RecurrentStates[] } {
  const ticks = builder.single('loop/ticks', 'ConstantOfShape', [fed], { shape: ['fed'] });
  // An RNN cell is one or two products and an activation: faster as plain nodes.
  if (net.spec.cell !== 'rnn') {
    const run = emitScan(builder, 'loop/scan', listStates(prompt.states), ticks, (inner, values) => {
      const next = nodePass(inner, net, statesOfList(values, prompt.states));
      return { states: listStates(next), output: next[next.length - 1].h };
    });
    const { shape } = run.outputs;
    const h = builder.single('loop/squeeze', 'Squeeze', [run.outputs, builder.integers([1])], {
      shape: [shape[0], ...shape.slice(2)],
    });
    return { h, states: statesOfList(run.states, prompt.states) };
  }
  const { outputs, states } = scanRows(builder, prompt.states, ticks, (inner, rows) => {
    const next = gemmPass(inner, net, rows).map((h) => ({ h }));
    return { states: next, output: next[next.length - 1].h };
  });
  return { h: outputs, states };
}

/**
 * Adds one sample of the closed loop of stacked RNN layers as plain nodes: two Gemm and the activation for each layer. Faster than
 * the RNN node, whose kernel costs about 2 us a call.
 *
 * Weights are initializers of the body itself: ONNX Runtime does not prepack those of graphs two levels out.
 *
 * @param body   of the Scan
 * @param states h before the sample, [batch, units] each
 * @returns h after the sample
 */
function gemmPass(body: GraphBuilder, net: Net, states: readonly Value[]): Value[] {
  const [first, ...others] = net.layers;
  const fold = foldPays(net, 1);
  let x = states[states.length - 1];
  if (!fold) x = readoutGemm(body, net, x);
  return [fold ? foldReadout(first, net.readout) : first, ...others].map((layer, index) => {
    x = layerGemm(body, layer, x, states[index]);
    return x;
  });
}

function layerGemm(body: GraphBuilder, { name: layer, weights }: NetLayer, x: Value, h: Value): Value {
  const { units, features } = weights;
  const name = `loop/${layer}`;
  const W = bodyConstant(body, `${name}/W`, [units, features], weights.kernel);
  const R = bodyConstant(body, `${name}/R`, [units, units], weights.recurrentKernel);
  const B = bodyConstant(body, `${name}/B`, [units], biasSum(weights));
  const turned = { transB: attribute.int(1) };
  const input = body.single(`${name}/input`, 'Gemm', [x, W, B], h, turned);
  const sum = body.single(`${name}/sum`, 'Gemm', [h, R, input], h, turned);
  return emitFunction(body, name, weights.activations[0], sum);
}

function readoutGemm(body: GraphBuilder, { readout: { kernel, bias } }: Net, h: Value): Value {
  const outputs = bias.length;
  const V = bodyConstant(body, 'loop/readout/kernel', [kernel.length / outputs, outputs], kernel);
  const c = bodyConstant(body, 'loop/readout/bias', [outputs], bias);
  return body.single('loop/readout', 'Gemm', [h, V, c], { shape: [h.shape[0], outputs] });
}

function bodyConstant(body: GraphBuilder, name: string, dims: readonly number[], data: Float32Array): string {
  return body.ownConstant(floatTensor(name, dims, data));
}

/** The sum of both biases. */
function biasSum({ units, bias, recurrentBias }: RecurrentWeights): Float32Array {
  return Float32Array.from(
    { length: units },
    (_, unit) => (bias?.[unit] ?? 0) + (recurrentBias?.[unit] ?? 0),
  );
}

/**
 * Adds one sample of the closed loop, one recurrent node for each layer. For a single sample Y_h equals Y and has the shape of the
 * next input, so no Squeeze is needed between layers.
 *
 * Weights are initializers of the body itself: ONNX Runtime does not prepack those of graphs two levels out.
 *
 * @param body   of the Scan
 * @param states before the sample, [1, batch, units] each
 * @returns states after the sample
 */
function nodePass(body: GraphBuilder, net: Net, states: readonly RecurrentStates[]): RecurrentStates[] {
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
