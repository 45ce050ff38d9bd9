import type { Tensor } from '@tensorflow/tfjs-core';
import { tensor, tidy } from '@tensorflow/tfjs-core';
import { ModelError } from '@onda/contract';
import type { Net } from './net.ts';
import type { WeightSpec } from './weights.ts';
import { transpose, weightSpecs } from './weights.ts';

/** Weights by PyTorch's names (`rnn.weight_ih_l0`, `linear.bias`); a matrix is a list of rows, [outputs, inputs]. */
export type PyTorchWeights = Record<string, number[] | number[][]>;

/**
 * Copies the weights of a PyTorch net into a net. On an error the net is unchanged.
 *
 * @throws ModelError for a missing or unknown weight, or one of another shape
 */
export function loadPyTorchWeights(net: Net, weights: PyTorchWeights): void {
  const specs = weightSpecs(net.spec);
  for (const name of Object.keys(weights)) {
    if (!specs.some(({ pytorchName }) => pytorchName === name)) {
      throw new ModelError(
        `weight "${name}": the net has no such weight; it has ${specs.map(({ pytorchName }) => pytorchName).join(', ')}`,
      );
    }
  }
  const values = specs.map((spec) => readWeight(spec, weights));
  tidy(() => {
    values.forEach((value, index) => {
      const weight: Tensor = tensor(value, [...specs[index].shape], 'float32');
      net.variables[index].assign(weight);
    });
  });
}

/** The weights of a net with PyTorch's names and layout. */
export function toPyTorchWeights(net: Net): PyTorchWeights {
  return Object.fromEntries(
    weightSpecs(net.spec).map(({ pytorchName, shape }, index): [string, number[] | number[][]] => {
      const values = net.variables[index].dataSync<'float32'>();
      if (shape.length === 1) return [pytorchName, Array.from(values)];
      const [columns, rows] = shape;
      const transposed = transpose(values, columns, rows);
      return [
        pytorchName,
        Array.from({ length: rows }, (_, row) =>
          Array.from(transposed.subarray(row * columns, (row + 1) * columns)),
        ),
      ];
    }),
  );
}

function readWeight({ pytorchName, shape }: WeightSpec, weights: PyTorchWeights): Float32Array {
  const value = weights[pytorchName] as PyTorchWeights[string] | undefined;
  if (value === undefined) {
    throw new ModelError(`weight "${pytorchName}": missing; the net needs it in shape ${shapeText(shape)}`);
  }
  const [columns, rows] = shape.length === 2 ? shape : [1, shape[0]];
  const lists: unknown[] = shape.length === 2 ? value : value.map((number) => [number]);
  const fits =
    lists.length === rows &&
    lists.every((row) => Array.isArray(row) && row.length === columns && row.every(Number.isFinite));
  if (!fits) {
    throw new ModelError(
      `weight "${pytorchName}": expected finite numbers in shape ${shapeText(shape)}, got ${givenText(value)}; check the net's cell, units and layers`,
    );
  }
  return transpose(lists.flat() as number[], rows, columns);
}

/** PyTorch's shape of a weight: matrices are transposed. */
function shapeText(shape: readonly number[]): string {
  return `[${[...shape].reverse().join(', ')}]`;
}

function givenText(value: number[] | number[][]): string {
  const rows: unknown[] = value;
  const widths = new Set(rows.map((row) => (Array.isArray(row) ? row.length : 0)));
  if (widths.size !== 1) return `${rows.length} rows of different lengths`;
  const [width] = widths;
  return width === 0 ? `[${rows.length}]` : `[${rows.length}, ${width}]`;
}
