import type { Model } from '@onda/onnx';
import { checkModel, writeModel } from '@onda/onnx';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import type { LayersArtifacts, Precision } from '../src/index.ts';
import { exportModel, exportNet, roundWeights } from '../src/index.ts';
import { mulberry32, ondaNetArtifacts, randomWeights } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import { artifactsOf, randomizeWeights } from './support/tfjsModel.ts';

const options = { producerVersion: '0.1.0' };

/** Only the form in which equal weights are stored differs. */
const SAME = 0;
/** A half float is within 2^-11 of a weight; 12 samples through 32 units, values below 1. Measured 4e-4. */
const HALF_ATOL = 2e-3;
/** A weight is within 1 / 128 of its column's largest, an input within 1 / 510 of its range. Measured 1e-2. */
const INT8_ATOL = 5e-2;

/** The orthogonal initializer is slow, and its weights are replaced. */
const quick = { recurrentInitializer: 'zeros' } as const;

function words(): LayersModel {
  const model = sequential();
  model.add(layers.dense({ units: 16, inputShape: [null, 3] as never, activation: 'tanh', name: 'in' }));
  model.add(layers.lstm({ ...quick, units: 32, returnSequences: true, name: 'lstm' }));
  model.add(
    layers.bidirectional({
      layer: layers.lstm({ ...quick, units: 8, returnSequences: true }),
      name: 'both',
    }),
  );
  model.add(layers.gru({ ...quick, units: 12, returnSequences: true, name: 'gru' }));
  model.add(layers.dense({ units: 4, name: 'out' }));
  randomizeWeights(model, 4);
  return model;
}

/** A model's one output for 2 sequences of 12 samples. */
async function run(model: Model): Promise<Float32Array> {
  const random = mulberry32(3);
  const x = floats(
    [2, 12, 3],
    Array.from({ length: 72 }, () => 2 * random() - 1),
  );
  const results = await (await LoadedModel.of(model)).run({ [model.graph.inputs[0].name]: x });
  return Object.values(results)[0].data;
}

const exportAs = (artifacts: LayersArtifacts, precision: Precision): ReturnType<typeof exportModel> =>
  exportModel(artifacts, { ...options, precision });

describe('exportModel in float16', () => {
  it('gives what the rounded weights give in float32, to the bit, in about half the bytes', async () => {
    const artifacts = await artifactsOf(words());
    const half = exportAs(artifacts, 'float16').model;
    const whole = exportAs(artifacts, 'float32').model;
    expect(checkModel(half)).toEqual([]);
    const rounded = exportAs({ ...artifacts, ...roundWeights(artifacts) }, 'float32').model;
    expect(difference(await run(half), await run(rounded))).toBe(SAME);
    expect(difference(await run(half), await run(whole))).toBeLessThan(HALF_ATOL);
    expect(difference(await run(half), await run(whole))).toBeGreaterThan(0);
    expect(writeModel(half).length / writeModel(whole).length).toBeLessThan(0.6);
  });

  it('gives a generator that agrees with model.onnx in a loop', async () => {
    const spec = { cell: 'gru', units: 16, layers: 1, features: 1, outputs: 1 } as const;
    const scaler = { kind: 'none' as const, center: [0], scale: [1] };
    const artifacts = ondaNetArtifacts(spec, randomWeights(spec, 1));
    const { model, generator } = exportNet(artifacts, { ...options, lag: 1, scaler, precision: 'float16' });
    const prompt = floats([1, 3, 1], [0.1, 0.2, 0.3]);
    const state = floats([1, 16], new Float32Array(16));
    const { y } = await (await LoadedModel.of(generator!)).run({ x: prompt, state_in: state, samples: 20n });
    const loaded = await LoadedModel.of(model);
    let step = await loaded.run({ x: prompt, state_in: state });
    const looped: number[] = [];
    for (let sample = 0; sample < 20; sample++) {
      const last = step['y'].data.at(-1) ?? NaN;
      looped.push(last);
      step = await loaded.run({ x: floats([1, 1, 1], [last]), state_in: step['state_out'] });
    }
    // The loop's own order of sums, as in float32.
    expect(difference(y.data, looped)).toBeLessThan(1e-5);
  });

  it('refuses a weight that a half float cannot hold', async () => {
    const { weightData, ...artifacts } = await artifactsOf(words());
    const values = new Float32Array(weightData as ArrayBuffer);
    values[5] = 1e5;
    expect(() => exportAs({ ...artifacts, weightData: values.buffer }, 'float16')).toThrow(
      'weight "in/kernel": expected values within +-65504, as float16 holds them, got 100000; export in float32',
    );
  });
});

describe('exportModel in int8', () => {
  it('keeps LSTM and dense weights in a byte each, and says what stays float32', async () => {
    const artifacts = await artifactsOf(words());
    const { model, warnings } = exportAs(artifacts, 'int8');
    const whole = exportAs(artifacts, 'float32').model;
    expect(checkModel(model)).toEqual([]);
    const ops = model.graph.nodes.map(({ op }) => op);
    expect(ops.filter((op) => op === 'DynamicQuantizeLSTM')).toHaveLength(2);
    expect(ops.filter((op) => op === 'MatMulInteger')).toHaveLength(2);
    expect(ops.filter((op) => op === 'LSTM' || op === 'MatMul')).toEqual([]);
    expect(warnings.at(-1)).toBe(
      'node "gru" (GRU): its weights stay float32, as ONNX Runtime has no int8 kernel for it',
    );
    const off = difference(await run(model), await run(whole));
    expect(off).toBeLessThan(INT8_ATOL);
    expect(off).toBeGreaterThan(0);
    expect(writeModel(model).length / writeModel(whole).length).toBeLessThan(0.6);
  });

  it('refuses a model without such layers', async () => {
    const model = sequential({ layers: [layers.gru({ units: 3, inputShape: [null, 2] as never })] });
    const artifacts = await artifactsOf(model);
    expect(() => exportAs(artifacts, 'int8')).toThrow(
      /^model ".*": expected LSTM or dense layers, which int8 applies to, got none; export in float32 or float16$/,
    );
  });
});

describe('exportModel', () => {
  it.each(['float32', 'float16', 'int8'] as const)(
    'gives the same bytes for the same input in %s',
    async (precision) => {
      const artifacts = await artifactsOf(words());
      const bytes = writeModel(exportAs(artifacts, precision).model);
      expect(writeModel(exportAs(structuredClone(artifacts), precision).model)).toEqual(bytes);
    },
  );

  it('refuses an unknown precision', async () => {
    const artifacts = await artifactsOf(words());
    expect(() => exportAs(artifacts, 'int4' as Precision)).toThrow(
      'precision: expected float32, float16, int8, got "int4"; correct it or leave it out',
    );
  });

  it('accepts weights that are not finite only with allowNan', async () => {
    const { weightData, ...rest } = await artifactsOf(words());
    const values = new Float32Array(weightData as ArrayBuffer);
    values[2] = NaN;
    const artifacts = { ...rest, weightData: values.buffer };
    expect(() => exportAs(artifacts, 'float32')).toThrow(
      /^weight "in\/kernel": expected finite values, got NaN at index 2; /,
    );
    const { model } = exportModel(artifacts, { ...options, allowNan: true });
    const held = model.graph.initializers.find(({ data }) => [...data].some(Number.isNaN));
    expect(held?.name).toBe('in/kernel');
  });
});
