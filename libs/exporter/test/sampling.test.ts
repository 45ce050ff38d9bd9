import { layers, sequential } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import type { Sampling } from '@onda/contract';
import { drawKeys, uniformDraws } from '@onda/contract';
import { checkModel } from '@onda/onnx';
import { exportGenerator, opsets } from '../src/index.ts';
import { loopByHand } from './support/loopByHand.ts';
import type { Row } from './support/loopByHand.ts';
import { mulberry32 } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import type { Floats } from './support/onnxRuntime.ts';
import { artifactsOf, randomizeWeights } from './support/tfjsModel.ts';

/** Some ten samples of closed loop, values of a few units; one draw out of place is off by 0.1 and more. */
const ATOL = 1e-4;
const classes = 5;

function built(list: NonNullable<NonNullable<Parameters<typeof sequential>[0]>['layers']>): LayersModel {
  const model = sequential({ layers: list });
  randomizeWeights(model, 4);
  return model;
}

const recurrent = (
  outputs: number,
  activation: 'linear' | 'softmax' = 'linear',
  features = outputs,
): LayersModel =>
  built([
    layers.gru({ units: 6, returnSequences: true, inputShape: [null, features] }),
    layers.dense({ units: outputs, activation }),
  ]);

const oneHot = (chosen: number): Row => Array.from({ length: classes }, (_, at) => (at === chosen ? 1 : 0));
const likeliest = (scores: Row): number => scores.indexOf(Math.max(...scores));

/** One-hot rows of classes that come in turn, each batch row from another. */
const classPrompt = (batch: number, time: number): Row[][] =>
  Array.from({ length: batch }, (_, row) =>
    Array.from({ length: time }, (__, at) => oneHot((at * 2 + row) % classes)),
  );

async function run(
  model: LayersModel,
  sampling: Sampling,
  prompt: readonly (readonly Row[])[],
  samples: number,
  more: Parameters<LoadedModel['run']>[0],
  { lag = 1, opset = opsets.default, words = false }: { lag?: number; opset?: number; words?: boolean } = {},
) {
  const exported = exportGenerator(await artifactsOf(model), { producerVersion: '0', sampling, lag, opset });
  expect(checkModel(exported.model)).toEqual([]);
  const [batch, time, features] = [prompt.length, prompt[0].length, prompt[0][0].length];
  const { state } = exported;
  const loaded = await LoadedModel.of(exported.model);
  const { y } = await loaded.run({
    x: floats(words ? [batch, time] : [batch, time, features], prompt.flat(2)),
    ...(state && { state_in: floats([batch, state.size], new Float32Array(batch * state.size)) }),
    samples: BigInt(samples),
    ...more,
  });
  return y;
}

const categorical = (temperature: number, source: 'seed' | 'noise' = 'seed'): Sampling => ({
  kind: 'categorical',
  from: 'probabilities',
  temperature,
  source,
});

/** A class by the Gumbel-max rule, from the draws of a seed. */
function drawClass(
  seed: bigint,
  probabilities: Row,
  row: number,
  sample: number,
  temperature: number,
): number {
  const keys = drawKeys(seed);
  return likeliest(
    probabilities.map((p, at) => {
      const [u] = uniformDraws(keys, sample, row * classes + at);
      return Math.log(p) / temperature - Math.log(-Math.log(u));
    }),
  );
}

describe('a generator that draws classes', () => {
  it.each([
    [0.5, 1],
    [1, 3],
    [2, 2],
  ])('draws what TypeScript draws from the seed: temperature %f, lag %i', async (temperature, lag) => {
    const model = recurrent(classes, 'softmax');
    const prompt = classPrompt(3, 6);
    const y = await run(model, categorical(temperature), prompt, 12, { seed: 77n }, { lag });
    const draw = (values: Row, row: number, sample: number): Row =>
      oneHot(drawClass(77n, values, row, sample, temperature));
    expect(y.dims).toEqual([3, 12, classes]);
    expect(Array.from(y.data)).toEqual(loopByHand({ model, prompt, samples: 12, lag, draw }).flat(2));
  });

  it('takes the likeliest at temperature 0, without a seed', async () => {
    const model = recurrent(classes, 'softmax');
    const prompt = classPrompt(2, 4);
    const y = await run(model, categorical(0), prompt, 10, {});
    const draw = (values: Row): Row => oneHot(likeliest(values));
    expect(Array.from(y.data)).toEqual(loopByHand({ model, prompt, samples: 10, draw }).flat(2));
  });

  it('sees a window of one-hot characters, as the example lstm-text-generation does', async () => {
    const model = built([
      layers.lstm({ units: 8, returnSequences: true, inputShape: [6, classes] }),
      layers.lstm({ units: 8 }),
      layers.dense({ units: classes, activation: 'softmax' }),
    ]);
    const prompt = classPrompt(2, 8);
    const y = await run(model, categorical(0.75), prompt, 15, { seed: -5n });
    const draw = (values: Row, row: number, sample: number): Row =>
      oneHot(drawClass(-5n, values, row, sample, 0.75));
    expect(Array.from(y.data)).toEqual(loopByHand({ model, prompt, samples: 15, window: 6, draw }).flat(2));
  });

  it('gives numbers of words to a model that takes words', async () => {
    const model = built([
      layers.embedding({ inputDim: classes, outputDim: 3, inputShape: [null] as never }),
      layers.gru({ units: 6, returnSequences: true }),
      layers.dense({ units: classes, activation: 'softmax' }),
    ]);
    const prompt = [
      [[1], [3], [0]],
      [[4], [4], [2]],
    ];
    const y = await run(model, categorical(1), prompt, 9, { seed: 1n }, { words: true });
    const draw = (values: Row, row: number, sample: number): Row => [drawClass(1n, values, row, sample, 1)];
    expect(y.dims).toEqual([2, 9]);
    expect(Array.from(y.data)).toEqual(loopByHand({ model, prompt, samples: 9, draw, words: true }).flat(2));
  });

  it('draws each class as often as its probability says', async () => {
    const model = recurrent(classes, 'softmax');
    const prompt = Array.from({ length: 4000 }, () => [oneHot(2)]);
    const y = await run(model, categorical(1), prompt, 1, { seed: 12n });
    const [[probabilities]] = loopByHand({ model, prompt: [[oneHot(2)]], samples: 1 });
    const seen = probabilities.map((_, at) =>
      prompt.reduce((count, __, row) => count + y.data[row * classes + at], 0),
    );
    const chiSquare = seen.reduce((sum, count, at) => {
      const expected = prompt.length * probabilities[at];
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    // Four degrees of freedom: above 18.5 once in a thousand seeds; this is one seed.
    expect(chiSquare).toBeLessThan(18.5);
  });
});

describe('a generator that draws numbers', () => {
  const prompt = [
    [[0.1], [0.5], [-0.2]],
    [[0.3], [-0.4], [0.2]],
  ];

  it.each(['seed', 'noise'] as const)('draws from a normal distribution: %s', async (source) => {
    const model = recurrent(2, 'linear', 1);
    const normal = (row: number, sample: number): number => {
      const [u, v] = uniformDraws(drawKeys(9n), sample, row);
      return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    };
    const noise = floats(
      [2, 10, 1],
      [0, 1].flatMap((row) => Array.from({ length: 10 }, (_, at) => normal(row, at))),
    );
    const given: Parameters<LoadedModel['run']>[0] = source === 'seed' ? { seed: 9n } : { noise };
    const y = await run(model, { kind: 'gaussian', source }, prompt, 10, given);
    const draw = ([mean, s]: Row, row: number, sample: number): Row => [
      mean + Math.exp(s / 2) * normal(row, sample),
    ];
    expect(difference(y.data, loopByHand({ model, prompt, samples: 10, draw }).flat(2))).toBeLessThan(ATOL);
  });

  it.each(['seed', 'noise'] as const)('draws between quantiles and beyond: %s', async (source) => {
    const levels = [0.5, 0.1, 0.9];
    const model = recurrent(3, 'linear', 1);
    const u = (row: number, sample: number): number => uniformDraws(drawKeys(3n), sample, row)[0];
    const noise = floats(
      [2, 30, 1],
      [0, 1].flatMap((row) => Array.from({ length: 30 }, (_, at) => u(row, at))),
    );
    const given: Parameters<LoadedModel['run']>[0] = source === 'seed' ? { seed: 3n } : { noise };
    const y = await run(model, { kind: 'quantile', levels, source }, prompt, 30, given);
    const draw = ([middle, low, high]: Row, row: number, sample: number): Row => {
      const at = u(row, sample);
      return [
        at < 0.5 ? low + ((at - 0.1) / 0.4) * (middle - low) : middle + ((at - 0.5) / 0.4) * (high - middle),
      ];
    };
    expect(difference(y.data, loopByHand({ model, prompt, samples: 30, draw }).flat(2))).toBeLessThan(ATOL);
  });

  it.each([
    ['simpleRNN', 1],
    ['gru', 3],
    ['lstm', 3],
    ['lstm', 1],
  ] as const)('continues after other samples with the same bits: %s, %i rows', async (cell, rows) => {
    const model = built([
      layers[cell]({ units: 33, returnSequences: true, inputShape: [null, 2] }),
      layers[cell]({ units: 7, returnSequences: true }),
      layers.dense({ units: 4 }),
    ]);
    const exported = exportGenerator(await artifactsOf(model), {
      producerVersion: '0',
      sampling: { kind: 'gaussian', source: 'seed' },
    });
    const loaded = await LoadedModel.of(exported.model);
    const size = exported.state?.size ?? 0;
    const prompt = floats([rows, 3, 2], new Float32Array(rows * 6).fill(0.25));
    const zeros = floats([rows, size], new Float32Array(rows * size));
    const whole = await loaded.run({ x: prompt, state_in: zeros, samples: 20n, seed: 9n });
    const first = await loaded.run({ x: prompt, state_in: zeros, samples: 8n, seed: 9n });
    const rowsOf = ({ data }: Floats): number[][] =>
      Array.from({ length: rows }, (_, row) =>
        Array.from(data.subarray((row * data.length) / rows, ((row + 1) * data.length) / rows)),
      );
    const last = floats(
      [rows, 1, 2],
      rowsOf(first['y']).flatMap((row) => row.slice(-2)),
    );
    const rest = await loaded.run({ x: last, state_in: first['state_out'], samples: 12n, seed: [9n, 8n] });
    const joined = rowsOf(first['y']).map((row, index) => [...row, ...rowsOf(rest['y'])[index]]);
    expect(joined).toEqual(rowsOf(whole['y']));
    expect(rest['state_out'].data).toEqual(whole['state_out'].data);
  });

  it('gives the same draws whatever rows run beside, and others for another seed', async () => {
    const model = recurrent(2, 'linear', 1);
    const sampling: Sampling = { kind: 'gaussian', source: 'seed' };
    const both = await run(model, sampling, prompt, 6, { seed: 9n });
    const alone = await run(model, sampling, prompt.slice(0, 1), 6, { seed: 9n });
    const other = await run(model, sampling, prompt.slice(0, 1), 6, { seed: 10n });
    expect(difference(alone.data, both.data.subarray(0, 6))).toBeLessThan(1e-6);
    expect(difference(alone.data, other.data)).toBeGreaterThan(0.1);
  });

  it.each([opsets.min, opsets.max])('gives the same values with opset %i', async (opset) => {
    const model = recurrent(2, 'linear', 1);
    const sampling: Sampling = { kind: 'gaussian', source: 'seed' };
    const usual = await run(model, sampling, prompt, 6, { seed: 9n });
    expect((await run(model, sampling, prompt, 6, { seed: 9n }, { opset })).data).toEqual(usual.data);
  });

  it('draws nothing for no samples', async () => {
    const y = await run(recurrent(2, 'linear', 1), { kind: 'gaussian', source: 'seed' }, prompt, 0, {
      seed: 1n,
    });
    expect(y.dims).toEqual([2, 0, 1]);
  });
});

describe('noise', () => {
  it('is uniform for classes', async () => {
    const model = recurrent(classes, 'softmax');
    const random = mulberry32(2);
    const noise = floats(
      [1, 8, classes],
      Array.from({ length: 8 * classes }, () => 0.01 + 0.98 * random()),
    );
    const prompt = classPrompt(1, 3);
    const y = await run(model, categorical(1, 'noise'), prompt, 8, { noise });
    const draw = (values: Row, _row: number, sample: number): Row =>
      oneHot(
        likeliest(
          values.map((p, at) => Math.log(p) - Math.log(-Math.log(noise.data[sample * classes + at]))),
        ),
      );
    expect(Array.from(y.data)).toEqual(loopByHand({ model, prompt, samples: 8, draw }).flat(2));
  });
});
