import { attribute, floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { Net, NetLayer } from '../net/net.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import { foldReadout } from './fold.ts';
import { foldPays } from './foldPays.ts';

/** Adds one sample of the closed loop: h of each layer after it from those before, [batch, units] each. */
export type GemmPass = (inner: GraphBuilder, states: readonly Value[]) => Value[];

/**
 * One sample of an rnn net, its equation spelled out: two Gemm and the activation a layer. Faster than the RNN node, whose kernel
 * has some two microseconds of its own.
 *
 * @param builder takes the constants
 */
export function gemmPass(builder: GraphBuilder, net: Net): GemmPass {
  const fold = foldPays(net, 1);
  const [first, ...others] = net.layers;
  const layers = [fold ? foldReadout(first, net.readout) : first, ...others].map((layer) => ({
    layer,
    constants: gemmConstants(builder, layer),
  }));
  const { kernel, bias } = net.readout;
  const outputs = bias.length;
  const readout = fold
    ? null
    : {
        kernel: builder.constant(
          floatTensor('loop/readout/kernel', [kernel.length / outputs, outputs], kernel),
        ),
        bias: builder.constant(floatTensor('loop/readout/bias', [outputs], bias)),
      };
  return (inner, states) => {
    const [batch, units] = states[0].shape;
    const top = states[states.length - 1];
    const like = { shape: [batch, units] };
    let x =
      readout === null
        ? top
        : inner.single('loop/readout', 'Gemm', [top, readout.kernel, readout.bias], {
            shape: [batch, outputs],
          });
    return layers.map(({ layer, constants: { W, R, B } }, index) => {
      const name = `loop/${layer.name}`;
      const turned = { transB: attribute.int(1) };
      const input = inner.single(`${name}/input`, 'Gemm', [x, W, B], like, turned);
      const sum = inner.single(`${name}/sum`, 'Gemm', [states[index], R, input], like, turned);
      x = inner.single(name, layer.weights.activations[0].name, [sum], like);
      return x;
    });
  };
}

/** The weights as Gemm takes them: without a direction, the two biases as one. */
function gemmConstants(
  builder: GraphBuilder,
  { name, weights }: NetLayer,
): { W: string; R: string; B: string } {
  const { units, features, kernel, recurrentKernel } = weights;
  const constant = (part: string, dims: number[], data: Float32Array): string =>
    builder.constant(floatTensor(`loop/${name}/${part}`, dims, data));
  return {
    W: constant('W', [units, features], kernel),
    R: constant('R', [units, units], recurrentKernel),
    B: constant('B', [units], biasSum(weights)),
  };
}

function biasSum({ units, bias, recurrentBias }: RecurrentWeights): Float32Array {
  return Float32Array.from(
    { length: units },
    (_, unit) => (bias?.[unit] ?? 0) + (recurrentBias?.[unit] ?? 0),
  );
}
