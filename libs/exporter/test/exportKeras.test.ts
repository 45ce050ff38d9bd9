import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkModel } from '@onda/onnx';
import { exportModel } from '../src/index.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';

/** float32 sums of some tens of terms in another order, values up to 2, given with seven digits; measured up to 6e-7. */
const ATOL = 1e-5;

interface Values {
  readonly dims: number[];
  readonly values: number[];
}

/** A model of Keras and its outputs: keras/make_models.py. */
interface KerasModel {
  readonly topology: unknown;
  readonly weights: { readonly name: string; readonly shape: number[]; readonly values: number[] }[];
  readonly input: Values;
  readonly outputs: Values[];
}

const versions = ['keras2', 'keras3'] as const;
const read = (version: string): Record<string, KerasModel> => {
  const text = readFileSync(new URL(`keras/${version}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { models: Record<string, KerasModel> }).models;
};

describe('exportModel of models that Keras made', () => {
  it.each(versions.flatMap((version) => Object.keys(read(version)).map((name) => [version, name] as const)))(
    'gives the values of %s: %s',
    async (version, name) => {
      const { topology, weights, input, outputs } = read(version)[name];
      const { model } = exportModel(
        {
          modelTopology: topology,
          weightSpecs: weights.map((weight) => ({
            name: weight.name,
            shape: weight.shape,
            dtype: 'float32',
          })),
          weightData: Float32Array.from(weights.flatMap(({ values }) => values)).buffer,
        },
        { producerVersion: '0.1.0' },
      );
      expect(checkModel(model)).toEqual([]);
      const session = await LoadedModel.of(model);
      const results = await session.run({ [model.graph.inputs[0].name]: floats(input.dims, input.values) });
      outputs.forEach(({ dims, values }, index) => {
        const result = results[model.graph.outputs[index].name];
        expect([...result.dims]).toEqual(dims);
        expect(difference(result.data, values)).toBeLessThan(ATOL);
      });
    },
  );
});
