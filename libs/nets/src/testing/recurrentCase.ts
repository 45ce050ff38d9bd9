import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { tensor } from '@tensorflow/tfjs-core';
import { recurrentAttributes } from '../recurrent.ts';
import type { RecurrentAttributes, RecurrentInputs } from '@onda/kernels';
import { gateCounts } from '@onda/kernels';
import { randomNumbers } from './randomNumbers.ts';
import type { ReferenceInputs, ReferenceOutputs, ReferenceSizes } from './referenceRecurrent.ts';

/** A test case: inputs and gradients of the outputs, rounded to float32 so that both sides compute with the same numbers. */
export interface RecurrentCase {
  sizes: ReferenceSizes;
  attributes: RecurrentAttributes;
  inputs: ReferenceInputs;
  dOutputs: ReferenceOutputs;
}

/** Every cell and option, by name. */
export const variants: readonly [name: string, attributes: RecurrentAttributes][] = (
  [
    ['rnn tanh', { cell: 'rnn' }],
    ['rnn relu', { cell: 'rnn', activation: 'relu' }],
    ['lstm', { cell: 'lstm' }],
    ['gru, reset after', { cell: 'gru' }],
    ['gru, reset before', { cell: 'gru', resetAfter: false }],
  ] as const
).flatMap(([name, given]): [string, RecurrentAttributes][] => [
  [name, recurrentAttributes({ ...given, training: true })],
  [`${name}, reverse`, recurrentAttributes({ ...given, training: true, reverse: true })],
]);

export function recurrentCase(
  sizes: ReferenceSizes,
  attributes: RecurrentAttributes,
  seed = 1,
): RecurrentCase {
  const { batch, time, features, units } = sizes;
  const random = randomNumbers(seed);
  const numbers = (count: number, scale: number): number[] => random(count, scale).map(Math.fround);
  const columns = gateCounts[attributes.cell] * units;
  const state = batch * units;
  const lstmState = attributes.cell === 'lstm' ? state : 0;
  // About PyTorch's bound for the weights, wider for a single unit so that its gates vary.
  const bound = Math.min(1, 2 / Math.sqrt(units));
  return {
    sizes,
    attributes,
    inputs: {
      x: numbers(batch * time * features, 1),
      kernel: numbers(features * columns, bound),
      recurrentKernel: numbers(units * columns, bound),
      bias: numbers(columns, bound),
      recurrentBias: numbers(columns, bound),
      h0: numbers(state, 1),
      c0: numbers(lstmState, 1),
    },
    dOutputs: {
      y: numbers(batch * time * units, 1),
      h: numbers(state, 1),
      c: numbers(lstmState, 1),
    },
  };
}

/** The same inputs as tensors. */
export function caseTensors({ sizes, attributes, inputs }: RecurrentCase): RecurrentInputs {
  const { batch, time, features, units } = sizes;
  const columns = gateCounts[attributes.cell] * units;
  return {
    x: floats(inputs.x, [batch, time, features]) as Tensor3D,
    kernel: floats(inputs.kernel, [features, columns]) as Tensor2D,
    recurrentKernel: floats(inputs.recurrentKernel, [units, columns]) as Tensor2D,
    bias: floats(inputs.bias, [columns]) as Tensor1D,
    recurrentBias: floats(inputs.recurrentBias, [columns]) as Tensor1D,
    h0: floats(inputs.h0, [batch, units]) as Tensor2D,
    ...(attributes.cell === 'lstm' ? { c0: floats(inputs.c0, [batch, units]) as Tensor2D } : {}),
  };
}

/** The gradients of the outputs as tensors. */
export function gradientTensors({ sizes, attributes, dOutputs }: RecurrentCase): {
  dy: Tensor3D;
  dh: Tensor2D;
  dc?: Tensor2D;
} {
  const { batch, time, units } = sizes;
  return {
    dy: floats(dOutputs.y, [batch, time, units]) as Tensor3D,
    dh: floats(dOutputs.h, [batch, units]) as Tensor2D,
    ...(attributes.cell === 'lstm' ? { dc: floats(dOutputs.c, [batch, units]) as Tensor2D } : {}),
  };
}

function floats(values: number[], shape: number[]): Tensor {
  return tensor(values, shape, 'float32');
}
