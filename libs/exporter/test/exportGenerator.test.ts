import { layers, sequential } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { checkModel } from '@onda/onnx';
import type { ExportGeneratorOptions } from '../src/index.ts';
import { exportGenerator } from '../src/index.ts';
import { loopByHand } from './support/loopByHand.ts';
import type { Row } from './support/loopByHand.ts';
import { mulberry32 } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import { artifactsOf, randomizeWeights } from './support/tfjsModel.ts';

/** Ten to twenty samples of closed loop in float32 on both sides, values of about 1; measured up to 2e-6. */
const ATOL = 1e-5;

/** Layers of any class. */
type LayerList = NonNullable<NonNullable<Parameters<typeof sequential>[0]>['layers']>;

function made(list: LayerList, seed = 3): LayersModel {
  const model = sequential({ layers: list });
  randomizeWeights(model, seed);
  return model;
}

const seq = { returnSequences: true } as const;

/** Each with what it should become, two features in and out. */
const models: {
  title: string;
  kind: 'stream' | 'window';
  window?: number;
  lags: number[];
  make: () => LayersModel;
}[] = [
  {
    title: 'a stock lstm and a linear read-out',
    kind: 'stream',
    lags: [1, 3],
    make: () => made([layers.lstm({ units: 6, ...seq, inputShape: [null, 2] }), layers.dense({ units: 2 })]),
  },
  {
    title: 'a stock gru with sigmoid gates, and dropout',
    kind: 'stream',
    lags: [1, 2],
    make: () =>
      made([
        layers.gru({ units: 6, ...seq, recurrentActivation: 'sigmoid', inputShape: [null, 2] }),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 2 }),
      ]),
  },
  {
    title: 'cells and sizes of all kinds, dense layers between and behind',
    kind: 'stream',
    lags: [1, 3],
    make: () =>
      made([
        layers.dense({ units: 5, activation: 'relu', inputShape: [null, 2] }),
        layers.gru({ units: 6, ...seq }),
        layers.layerNormalization(),
        layers.rnn({
          cell: [layers.lstmCell({ units: 3 }), layers.simpleRNNCell({ units: 4 })] as never,
          ...seq,
        }),
        layers.dropout({ rate: 0.2 }),
        layers.dense({ units: 4, activation: 'elu' }),
        layers.dense({ units: 2, activation: 'tanh' }),
      ]),
  },
  {
    title: 'an lstm that gives its last output alone',
    kind: 'stream',
    lags: [1],
    make: () => made([layers.lstm({ units: 6, inputShape: [null, 2] }), layers.dense({ units: 2 })]),
  },
  {
    title: 'dense layers alone, without states',
    kind: 'stream',
    lags: [1, 2],
    make: () =>
      made([
        layers.dense({ units: 5, activation: 'tanh', inputShape: [null, 2] }),
        layers.dense({ units: 2 }),
      ]),
  },
  {
    title: 'a window for a convolution and both directions',
    kind: 'window',
    window: 7,
    lags: [1, 3],
    make: () =>
      made([
        layers.conv1d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [7, 2] }),
        layers.bidirectional({ layer: layers.lstm({ units: 3 }), mergeMode: 'concat' }),
        layers.dense({ units: 2, activation: 'tanh' }),
      ]),
  },
  {
    title: 'a window for an lstm that was made for one',
    kind: 'window',
    window: 4,
    lags: [1, 2],
    make: () => made([layers.lstm({ units: 5, inputShape: [4, 2] }), layers.dense({ units: 2 })]),
  },
];

function promptOf(batch: number, time: number, features: number): Row[][] {
  const random = mulberry32(time);
  return Array.from({ length: batch }, () =>
    Array.from({ length: time }, () => Array.from({ length: features }, () => 2 * random() - 1)),
  );
}

/** Exports and runs; states start from zeros. */
async function generated(
  model: LayersModel,
  prompt: readonly (readonly Row[])[],
  samples: number,
  options: Partial<ExportGeneratorOptions> = {},
  feeds: Parameters<LoadedModel['run']>[0] = {},
) {
  const exported = exportGenerator(await artifactsOf(model), { producerVersion: '0.1.0', ...options });
  expect(checkModel(exported.model)).toEqual([]);
  const batch = prompt.length;
  const { state } = exported;
  const result = await (
    await LoadedModel.of(exported.model)
  ).run({
    x: floats([batch, prompt[0].length, prompt[0][0].length], prompt.flat(2)),
    ...(state && { state_in: floats([batch, state.size], new Float32Array(batch * state.size)) }),
    samples: BigInt(samples),
    ...feeds,
  });
  return { exported, y: result['y'], stateOut: result['state_out'] };
}

describe('exportGenerator against TensorFlow.js', () => {
  it.each(models.flatMap(({ lags, ...one }) => lags.map((lag) => ({ ...one, lag }))))(
    '$title, lag $lag',
    async ({ make, kind, window, lag }) => {
      const model = make();
      const least = (window ?? 1) + lag - 1;
      for (const [batch, time, samples] of [
        [1, least, 1],
        [2, least + 4, 12],
        [2, least, 0],
      ]) {
        const prompt = promptOf(batch, time, 2);
        const { exported, y } = await generated(model, prompt, samples, { lag });
        expect(exported.kind).toBe(kind);
        expect(exported.prompt).toBe(kind === 'window' ? least : lag);
        expect(y.dims).toEqual([batch, samples, 2]);
        const expected = loopByHand({ model, prompt, samples, lag, ...(window !== undefined && { window }) });
        expect(difference(y.data, expected.flat(2))).toBeLessThan(ATOL);
      }
    },
  );

  it('continues from its state and last values', async () => {
    const model = models[2].make();
    const prompt = promptOf(2, 5, 2);
    const whole = await generated(model, prompt, 10);
    const first = await generated(model, prompt, 6);
    const last = [0, 1].map((row) => [Array.from(first.y.data.subarray((row * 6 + 5) * 2, (row + 1) * 12))]);
    const second = await generated(model, last, 4, {}, { state_in: first.stateOut });
    const expected = [0, 1].flatMap((row) =>
      Array.from(whole.y.data.subarray((row * 10 + 6) * 2, (row + 1) * 20)),
    );
    expect(difference(second.y.data, expected)).toBeLessThan(ATOL);
  });

  it.each([2, 5])('scales inside the graph: model %i', async (index) => {
    const model = models[index].make();
    const scaler = { kind: 'standard' as const, center: [20, -3], scale: [5, 0.5] };
    const scaled = promptOf(2, 9, 2);
    const prompt = scaled.map((rows) =>
      rows.map((row) => row.map((v, at) => v * scaler.scale[at] + scaler.center[at])),
    );
    const { y } = await generated(model, prompt, 8, { scaler });
    const { window } = models[index];
    const expected = loopByHand({
      model,
      prompt: scaled,
      samples: 8,
      ...(window !== undefined && { window }),
    });
    const units = expected.flat().map((row) => row.map((v, at) => v * scaler.scale[at] + scaler.center[at]));
    // Values of about 25, which float32 holds to 1e-6 each.
    expect(difference(y.data, units.flat())).toBeLessThan(1e-4);
  });

  it('takes the faster form for a chain of equal layers with a linear read-out, its own nodes for others', async () => {
    const loops = async (index: number): Promise<string[]> => {
      const { model } = exportGenerator(await artifactsOf(models[index].make()), {
        producerVersion: '0.1.0',
      });
      return model.graph.nodes.filter(({ op }) => op === 'If').map(({ name }) => name);
    };
    expect(await loops(0)).toEqual(['by_batch']);
    expect(await loops(1)).toEqual(['by_batch']);
    expect(await loops(2)).toEqual(['loop']);
  });
});

describe('exportGenerator', () => {
  const refused = async (
    model: LayersModel,
    options: Partial<ExportGeneratorOptions> = {},
  ): Promise<string> => {
    const artifacts = await artifactsOf(model);
    try {
      exportGenerator(artifacts, { producerVersion: '0.1.0', ...options });
    } catch (error) {
      return (error as Error).message
        .replace(/model "[^"]*"/, 'model "m"')
        .replace(/layer "[^"]*"/, 'layer "l"');
    }
    return 'nothing';
  };
  const lstm = (outputs: number): LayersModel =>
    made([layers.lstm({ units: 3, ...seq, inputShape: [null, 2] }), layers.dense({ units: outputs })]);

  it('refuses outputs that are not the features', async () => {
    expect(await refused(lstm(3))).toBe(
      'model "m": its output cannot be its next input: expected as many outputs as features, 2, got [batch, time, 3] for [batch, time, 2]; export it without a generator',
    );
    expect(await refused(lstm(2))).toBe('nothing');
  });

  it('refuses a sampling that the outputs do not fit', async () => {
    const sampling = { kind: 'gaussian', source: 'seed' } as const;
    expect(await refused(lstm(2), { sampling })).toBe(
      'model "m": its output cannot be its next input: expected 2 outputs for each of 2 features, as sampling "gaussian" has them, got [batch, time, 2] for [batch, time, 2]; export it without a generator',
    );
    expect(await refused(lstm(4), { sampling })).toBe('nothing');
  });

  it('says why a model without a window cannot run in pieces', async () => {
    const both = made([
      layers.bidirectional({
        layer: layers.lstm({ units: 3, ...seq }),
        mergeMode: 'concat',
        inputShape: [null, 2],
      }),
      layers.dense({ units: 2 }),
    ]);
    expect(await refused(both)).toMatch(
      /^layer "l": .* a sequence cannot come in pieces; export without stateful$/,
    );
  });

  it('refuses a lag whose first values the last output alone cannot give', async () => {
    const last = made([layers.lstm({ units: 3, inputShape: [null, 2] }), layers.dense({ units: 2 })]);
    expect(await refused(last, { lag: 2 })).toBe(
      'model "m": expected lag 1 for a model that outputs the last sample alone, got 2; use lag 1, or returnSequences in its last recurrent layer',
    );
  });

  it('refuses words without a sampling that makes them', async () => {
    const words = made([
      layers.embedding({ inputDim: 5, outputDim: 3, inputShape: [null] as never }),
      layers.gru({ units: 3, ...seq }),
      layers.dense({ units: 5, activation: 'softmax' }),
    ]);
    expect(await refused(words)).toBe(
      'model "m": its output cannot be its next input: expected features, or sampling "categorical", which makes words of them, got [batch, time, 5] for [batch, time]; export it without a generator',
    );
  });

  it('refuses a lag of 0 and levels that come twice', async () => {
    expect(await refused(lstm(2), { lag: 0 })).toBe(
      'lag: expected a whole number of at least 1, got 0; say how many samples ahead an output is of its input',
    );
    const sampling = { kind: 'quantile' as const, levels: [0.5, 0.5], source: 'seed' as const };
    expect(await refused(lstm(4), { sampling })).toBe(
      'sampling levels: expected unique levels, got [0.5,0.5]; remove the duplicates',
    );
  });
});
