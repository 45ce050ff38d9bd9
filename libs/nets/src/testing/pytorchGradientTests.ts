import { tensor2d, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { cellKinds } from '@onda/contract';
import { Net } from '../net.ts';
import type { NetSpec } from '../netSpec.ts';
import type { PyTorchWeights } from '../pytorchWeights.ts';
import { loadPyTorchWeights } from '../pytorchWeights.ts';
import { transpose, weightSpecs } from '../weights.ts';
import reference from './pytorchGradients.json' with { type: 'json' };

/** float32 against float64 over at most three samples, relative to the weight's largest gradient; measured up to 2.3e-6 (two layers, C++). */
const GRADIENT_RELATIVE = 5e-6;

const features = 2;

/** The formula of pytorchGradients.py. */
function numbers(count: number, seed: number, size: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => size * Math.sin(12.9898 * (i + 1) + seed));
}

/** A weight in PyTorch's layout: a list of rows, or a list. */
function inRows(values: Float32Array, shape: readonly number[]): number[] | number[][] {
  if (shape.length === 1) return Array.from(values);
  const [columns, rows] = shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
}

/** Packs states [layers, batch, units], h and for lstm c, into state rows: for each layer h, then c. */
function packed(parts: readonly Float32Array[], { layers, units }: NetSpec, batch: number): Float32Array {
  const row = layers * parts.length * units;
  const state = new Float32Array(batch * row);
  for (let sequence = 0; sequence < batch; sequence++) {
    for (let layer = 0; layer < layers; layer++) {
      parts.forEach((part, kind) => {
        const from = (layer * batch + sequence) * units;
        state.set(part.subarray(from, from + units), sequence * row + (layer * parts.length + kind) * units);
      });
    }
  }
  return state;
}

/** Compares a backend's gradients of whole nets with PyTorch's in float64: all cells, stacked layers, odd sizes, non-zero states. */
export function describePyTorchGradients(options: { name: string; setup: () => void | Promise<void> }): void {
  describe(`gradients against PyTorch, ${options.name}`, () => {
    beforeAll(options.setup);

    it.each(reference.cases)(
      '$cell, $layers layers of $units units, batch $batch, $time samples',
      ({ cell: name, layers, units, batch, time, loss: expectedLoss, gradients }) => {
        const cell = cellKinds.find((kind) => kind === name);
        if (cell === undefined)
          throw new Error(`pytorchGradients.json: expected a cell, got ${name}; generate the file again`);
        const spec: NetSpec = { cell, layers, units, features, outputs: 1 };
        const net = Net.create(spec, () => 0);
        const specs = weightSpecs(spec);
        const size = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);
        const weights: PyTorchWeights = Object.fromEntries(
          specs.map(({ pytorchName, shape }, seed) => [
            pytorchName,
            inRows(numbers(size(shape), seed, 0.5), shape),
          ]),
        );
        loadPyTorchWeights(net, weights);
        const parts = (cell === 'lstm' ? [102, 103] : [102]).map((seed) =>
          numbers(layers * batch * units, seed, 0.5),
        );

        const ours = tidy(() => {
          const x = tensor3d(numbers(batch * time * features, 100, 1), [batch, time, features]);
          const y = tensor3d(numbers(batch * time, 101, 1), [batch, time, 1]);
          const state = tensor2d(packed(parts, spec, batch), [batch, net.stateSize]);
          const result = net.lossAndGradients(x, y, state, 'mse');
          return {
            loss: result.loss.dataSync<'float32'>()[0],
            gradients: result.gradients.map((gradient) => Float32Array.from(gradient.dataSync<'float32'>())),
          };
        });
        net.dispose();

        expect(Math.abs(ours.loss - expectedLoss)).toBeLessThan(GRADIENT_RELATIVE * expectedLoss);
        specs.forEach(({ pytorchName, shape }, index) => {
          const expected = (gradients as Record<string, number[]>)[pytorchName];
          const actual =
            shape.length === 2 ? transpose(ours.gradients[index], shape[0], shape[1]) : ours.gradients[index];
          const largest = Math.max(...expected.map(Math.abs));
          const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i] - value)), 0);
          expect(actual.length, pytorchName).toBe(expected.length);
          expect(worst, pytorchName).toBeLessThanOrEqual(GRADIENT_RELATIVE * Math.max(largest, 1e-3));
        });
      },
    );
  });
}
