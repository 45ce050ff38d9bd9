import { readFileSync } from 'node:fs';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { checkModel } from '@onda/onnx';
import type { WeightEntry } from '../src/index.ts';
import { exportModel } from '../src/index.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';

/** float32 sums in another order, with values up to 3; measured up to 7e-7. */
const ATOL = 1e-5;

interface Values {
  readonly shape: number[];
  readonly data: number[];
}

/**
 * A model with Keras' own values: keras/rules.json of Keras 2.15.1 converted by tensorflowjs_converter 4.22.0, keras/drawn.json drawn at
 * random in Keras 2.15.0 and 3.15.0 on TensorFlow.
 */
interface RuleCase {
  readonly modelTopology: object;
  readonly weightSpecs: WeightEntry[];
  /** Base64. */
  readonly weightData: string;
  readonly inputs: Values[];
  readonly outputs: Values[];
}

const read = (name: string): Record<string, RuleCase> => {
  const text = readFileSync(new URL(`keras/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text) as Record<string, RuleCase>;
};
const cases = { ...read('rules'), ...read('drawn') };

describe('exportModel where Keras and TensorFlow.js differ', () => {
  it.each(Object.keys(cases))("gives Keras' values: %s", async (name) => {
    const { modelTopology, weightSpecs, weightData, inputs, outputs } = cases[name];
    const bytes = new Uint8Array(Buffer.from(weightData, 'base64'));
    const { model } = exportModel({ modelTopology, weightSpecs, weightData: bytes.buffer });
    expect(checkModel(model)).toEqual([]);
    const session = await LoadedModel.of(model);
    const feeds = model.graph.inputs.map((input, index) => [
      input.name,
      floats(inputs[index].shape, inputs[index].data),
    ]);
    const results = await session.run(Object.fromEntries(feeds) as Parameters<LoadedModel['run']>[0]);
    outputs.forEach(({ shape, data }, index) => {
      const result = results[model.graph.outputs[index].name];
      expect([...result.dims]).toEqual(shape);
      expect(difference(result.data, data)).toBeLessThan(ATOL);
    });
  });

  it.each([
    ['2.15.0', 0.5 + 0.2],
    ['3.3.3', 0.5 + 1 / 6],
    ['3.15.0', 0.5 + 1 / 6],
    ['tfjs-layers 4.22.0', 0.5 + 0.2],
  ])(
    'takes the meaning of hard_sigmoid from the version %s, not from the form of dtype',
    async (version, y) => {
      const config = {
        name: 'a',
        activation: 'hard_sigmoid',
        dtype: 'float32',
        batch_input_shape: [null, 1],
      };
      const model_config = {
        class_name: 'Sequential',
        config: { name: 'm', layers: [{ class_name: 'Activation', config }] },
      };
      const { model } = exportModel({
        modelTopology: { keras_version: version, backend: 'tensorflow', model_config },
        weightSpecs: [],
        weightData: new ArrayBuffer(0),
      });
      const results = await (await LoadedModel.of(model)).run({ a_input: floats([1, 1], [1]) });
      expect(results['a'].data[0]).toBeCloseTo(y, 6);
    },
  );

  it('reads int64 inputs as int32, and lists in Rescaling', async () => {
    const layers = [
      ['Embedding', { name: 'e', input_dim: 2, output_dim: 2, batch_input_shape: [null, 2], dtype: 'int64' }],
      ['Rescaling', { name: 'y', scale: [1, 10], offset: [0, 0.5] }],
    ].map(([class_name, config]) => ({ class_name, config }));
    const model_config = { class_name: 'Sequential', config: { name: 'm', layers } };
    const { model } = exportModel({
      modelTopology: { keras_version: '2.15.0', backend: 'tensorflow', model_config },
      weightSpecs: [{ name: 'e/embeddings', shape: [2, 2], dtype: 'float32' }],
      weightData: Float32Array.of(1, 2, 3, 4).buffer,
    });
    const [{ name, type }] = model.graph.inputs;
    expect(type).toBe('int32');
    const session = await LoadedModel.of(model);
    const feeds = { [name]: new Tensor('int32', Int32Array.of(1, 0), [1, 2]) };
    const results = await session.session.run(feeds);
    expect([...(results['y'].data as Float32Array)]).toEqual([3, 40.5, 1, 20.5]);
  });
});
