import { attribute, floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { Net, NetLayer } from '../net/net.ts';
import { emitFunction } from '../recurrent/emitFunction.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import { foldReadout } from './fold.ts';
import { foldPays } from './foldPays.ts';

/**
 * Adds one sample of the closed loop of a stack of rnn layers, its equation spelled out: two Gemm and the activation a layer. Faster than
 * the RNN node, whose kernel has some two microseconds of its own.
 *
 * The weights stand in the body itself: ONNX Runtime does not pack those that stand two graphs further out.
 *
 * @param body   of the Scan
 * @param states h before the sample, [batch, units] each
 * @returns those after it
 */
export function gemmPass(body: GraphBuilder, net: Net, states: readonly Value[]): Value[] {
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
  const W = constant(body, `${name}/W`, [units, features], weights.kernel);
  const R = constant(body, `${name}/R`, [units, units], weights.recurrentKernel);
  const B = constant(body, `${name}/B`, [units], biasSum(weights));
  const turned = { transB: attribute.int(1) };
  const input = body.single(`${name}/input`, 'Gemm', [x, W, B], h, turned);
  const sum = body.single(`${name}/sum`, 'Gemm', [h, R, input], h, turned);
  return emitFunction(body, name, weights.activations[0], sum);
}

function readoutGemm(body: GraphBuilder, { readout: { kernel, bias } }: Net, h: Value): Value {
  const outputs = bias.length;
  const V = constant(body, 'loop/readout/kernel', [kernel.length / outputs, outputs], kernel);
  const c = constant(body, 'loop/readout/bias', [outputs], bias);
  return body.single('loop/readout', 'Gemm', [h, V, c], { shape: [h.shape[0], outputs] });
}

function constant(body: GraphBuilder, name: string, dims: readonly number[], data: Float32Array): string {
  return body.ownConstant(floatTensor(name, dims, data));
}

/** The two biases as one. */
function biasSum({ units, bias, recurrentBias }: RecurrentWeights): Float32Array {
  return Float32Array.from(
    { length: units },
    (_, unit) => (bias?.[unit] ?? 0) + (recurrentBias?.[unit] ?? 0),
  );
}
