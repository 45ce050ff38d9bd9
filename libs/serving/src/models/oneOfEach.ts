import { elementsOf, typedArrays } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import type { RuntimeTensor } from '@onda/runtime';

/**
 * A tensor of zeros (or empty strings) for every input: what a model is tried with before it is said to be ready.
 *
 * @param rows the size of each dim that is first and not fixed; others that are not fixed are 1
 */
export function oneOfEach(inputs: readonly TensorSpec[], rows = 1): Record<string, RuntimeTensor> {
  return Object.fromEntries(inputs.map((input) => [input.name, zeros(input, rows)]));
}

function zeros({ type, shape }: TensorSpec, rows: number): RuntimeTensor {
  const dims = shape.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? rows : 1));
  const count = elementsOf(dims);
  if (type === 'string') return { type, dims, data: Array.from({ length: count }, () => '') };
  return { type, dims, data: new typedArrays[type](count) } as RuntimeTensor;
}
