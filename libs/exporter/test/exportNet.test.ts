import { describe, expect, it } from 'vitest';
import type { Scaler } from '@onda/contract';
import { checkModel } from '@onda/onnx';
import type { NetSpec } from '../src/index.ts';
import { exportNet, opsets } from '../src/index.ts';
import { mulberry32, ondaNetArtifacts, randomWeights } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import type { PlainOptions } from './support/plainNet.ts';
import { PlainNet } from './support/plainNet.ts';
import { readReference, referenceArtifacts } from './support/pytorchReference.ts';

/** float32 against float64 by hand, up to 43 samples, values of about 1; measured up to 5e-7. */
const VALUES_ATOL = 2e-6;
/** The same in the data's own units, values of about 20, which float32 holds to 1e-6; measured up to 1e-5. */
const UNITS_ATOL = 4e-5;
/** Two orders of the same float32 sums over 200 samples of a closed loop, values of about 1; the contract's bound. */
const LOOP_ATOL = 1e-5;
/** 100 samples of a closed loop in float32 on both sides; measured up to 4e-6. */
const PYTORCH_ATOL = 2e-5;

const none = (features: number): Scaler => ({
  kind: 'none',
  center: Array<number>(features).fill(0),
  scale: Array<number>(features).fill(1),
});

function values(count: number, seed: number): number[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, () => 2 * random() - 1);
}

const zeros = (size: number): number[] => Array<number>(size).fill(0);

describe('exportNet against PyTorch', () => {
  it.each(['pytorch-sine-rnn', 'pytorch-sine-lstm', 'pytorch-sine-gru', 'pytorch-sine-gru-2-layers'])(
    'continues the closed loop of %s',
    async (name) => {
      const reference = readReference(name);
      const options = { lag: 1, scaler: none(1), producerVersion: '0.1.0' };
      const { generator, state } = exportNet(referenceArtifacts(reference), options);
      const loop = await LoadedModel.of(generator!);
      // The file does not hold the state that training ended with. Fed the data, and then half of the loop, the net comes to it.
      const data = Array.from({ length: 200 }, (_, sample) => Math.sin((Math.PI * sample) / reference.num));
      const half = reference.closed_loop.slice(0, 100);
      const prompt = [...data, reference.closed_loop_first_input, ...half];
      const { y } = await loop.run({
        x: floats([1, prompt.length, 1], prompt),
        state_in: floats([1, state.size], zeros(state.size)),
        samples: 100n,
      });
      expect(difference(y.data, reference.closed_loop.slice(100))).toBeLessThan(PYTORCH_ATOL);
    },
  );
});

interface Case {
  readonly spec: NetSpec;
  readonly lag: number;
  readonly scaler: Scaler;
  readonly config?: Record<string, unknown>;
  readonly options?: PlainOptions;
}

const scaled: Scaler = { kind: 'standard', center: [0.5, -20], scale: [2, 0.25] };

const cases: Case[] = (['rnn', 'lstm', 'gru'] as const).flatMap((cell) =>
  [1, 2, 3].flatMap((layers) =>
    [1, 2, 4].map((lag): Case => {
      const features = layers === 1 ? 1 : 2;
      const spec = { cell, layers, units: 4 + lag, features, outputs: features };
      return { spec, lag, scaler: features === 2 ? scaled : none(1) };
    }),
  ),
);
const [small] = cases;
cases.push(
  { ...small, config: { activation: 'relu' }, options: { activation: 'relu' } },
  {
    ...small,
    spec: { ...small.spec, layers: 2 },
    config: { activation: 'relu' },
    options: { activation: 'relu' },
  },
  {
    ...small,
    spec: { ...small.spec, cell: 'gru' },
    config: { reset_after: false },
    options: { resetAfter: false },
  },
  // Large enough that the read-out stays outside of the first layer's weights in the loop.
  ...(['rnn', 'lstm', 'gru'] as const).map((cell) => ({
    ...small,
    spec: { ...small.spec, cell, layers: 2, units: 100 },
  })),
);

const title = ({ spec, lag, scaler, config = {} }: Case): string =>
  `${spec.cell} of ${spec.layers} x ${spec.units}, lag ${lag}, scaler ${scaler.kind} ${JSON.stringify(config)}`;

/** The net by hand, in the data's own units: a sequence of a batch, row by row. */
function byHand(
  { spec, lag, scaler, options }: Case,
  weights: Record<string, Float32Array>,
  x: readonly number[],
  time: number,
  samples: number | null,
): { y: number[]; state: number[] } {
  const { features } = spec;
  const rows = x.length / (time * features);
  const results = Array.from({ length: rows }, (_, row) => {
    const net = new PlainNet(spec, weights, options);
    const inputs = Array.from({ length: time }, (__, sample) =>
      Array.from({ length: features }, (___, feature) => {
        const value = x[(row * time + sample) * features + feature];
        return (value - scaler.center[feature]) / scaler.scale[feature];
      }),
    );
    const outputs =
      samples === null ? inputs.map((input) => net.step(input)) : net.generate(inputs, samples, lag);
    const y = outputs.flatMap((output) =>
      output.map((value, feature) => value * scaler.scale[feature] + scaler.center[feature]),
    );
    return { y, state: net.state };
  });
  return { y: results.flatMap(({ y }) => y), state: results.flatMap(({ state }) => state) };
}

function inUnits({ scaler, spec: { features } }: Case, raw: readonly number[]): number[] {
  return raw.map((value, index) => {
    const feature = index % features;
    return Math.fround(value * scaler.scale[feature] + scaler.center[feature]);
  });
}

describe('exportNet against the net computed by hand', () => {
  it.each(cases.map((one) => [title(one), one] as const))('%s: model.onnx', async (_title, one) => {
    const { spec, lag, scaler, config } = one;
    const weights = randomWeights(spec, 7);
    const exported = exportNet(ondaNetArtifacts(spec, weights, config), {
      lag,
      scaler,
      producerVersion: '0.1.0',
    });
    expect(checkModel(exported.model)).toEqual([]);
    const model = await LoadedModel.of(exported.model);
    const { size } = exported.state;
    const [batch, time] = [3, 7];
    const x = inUnits(one, values(batch * time * spec.features, 1));
    const expected = byHand(one, weights, x, time, null);
    const start = floats([batch, size], zeros(batch * size));
    const whole = await model.run({ x: floats([batch, time, spec.features], x), state_in: start });
    expect(whole['y'].dims).toEqual([batch, time, spec.outputs]);
    expect(difference(whole['y'].data, expected.y)).toBeLessThan(UNITS_ATOL);
    expect(difference(whole['state_out'].data, expected.state)).toBeLessThan(VALUES_ATOL);

    const alone = x.slice(0, time * spec.features);
    const single = floats([1, size], zeros(size));
    const cut = 2 * spec.features;
    const a = await model.run({ x: floats([1, 2, spec.features], alone.slice(0, cut)), state_in: single });
    const b = await model.run({
      x: floats([1, time - 2, spec.features], alone.slice(cut)),
      state_in: a['state_out'],
    });
    const pieces = Float32Array.from([...a['y'].data, ...b['y'].data]);
    expect(difference(pieces, whole['y'].data.subarray(0, pieces.length))).toBeLessThan(UNITS_ATOL);
  });

  it.each(cases.map((one) => [title(one), one] as const))('%s: generator.onnx', async (_title, one) => {
    const { spec, lag, scaler, config } = one;
    const weights = randomWeights(spec, 8);
    const exported = exportNet(ondaNetArtifacts(spec, weights, config), {
      lag,
      scaler,
      producerVersion: '0.1.0',
    });
    expect(checkModel(exported.generator!)).toEqual([]);
    const model = await LoadedModel.of(exported.generator!);
    const { size } = exported.state;
    for (const [batch, time, samples] of [
      [1, lag, 1],
      [2, lag, 0],
      [1, lag, lag],
      [3, lag + 5, lag + 1],
      [2, lag + 1, 2 * lag],
      [2, lag + 1, 2 * lag + 1],
      [1, 9, 43],
      // Beyond the batch from which a one-layer rnn takes another form.
      [40, lag + 1, 5],
    ]) {
      const x = inUnits(one, values(batch * time * spec.features, batch + samples));
      const expected = byHand(one, weights, x, time, samples);
      const { y, state_out } = await model.run({
        x: floats([batch, time, spec.features], x),
        state_in: floats([batch, size], zeros(batch * size)),
        samples: BigInt(samples),
      });
      expect(y.dims).toEqual([batch, samples, spec.outputs]);
      expect(difference(y.data, expected.y)).toBeLessThan(UNITS_ATOL);
      expect(difference(state_out.data, expected.state)).toBeLessThan(LOOP_ATOL);
    }
  });
});

describe('exportNet', () => {
  const one: Case = {
    spec: { cell: 'gru', layers: 1, units: 8, features: 1, outputs: 1 },
    lag: 1,
    scaler: none(1),
  };
  const artifacts = ondaNetArtifacts(one.spec, randomWeights(one.spec, 3));
  const zero = floats([1, 8], zeros(8));
  const scaled1: Scaler = { kind: 'minmax', center: [2], scale: [3] };

  it.each(
    (['rnn', 'lstm', 'gru'] as const).flatMap((cell) => [1, 2].map((layers) => [cell, layers] as const)),
  )('gives a generator that equals 200 single steps of the model: %s of %i', async (cell, layers) => {
    const spec = { ...one.spec, cell, layers, units: 32 };
    const exported = exportNet(ondaNetArtifacts(spec, randomWeights(spec, 4)), {
      ...one,
      producerVersion: '0.1.0',
    });
    const model = await LoadedModel.of(exported.model);
    const generator = await LoadedModel.of(exported.generator!);
    const { size } = exported.state;
    const feeds = { x: floats([1, 20, 1], values(20, 2)), state_in: floats([1, size], zeros(size)) };
    const { y, state_out } = await generator.run({ ...feeds, samples: 200n });
    const expected: number[] = [];
    let result = await model.run(feeds);
    let state = result['state_out'];
    while (expected.length < 200) {
      const last = result['y'].data.at(-1)!;
      expected.push(last);
      state = result['state_out'];
      result = await model.run({ x: floats([1, 1, 1], [last]), state_in: state });
    }
    expect(difference(y.data, expected)).toBeLessThan(LOOP_ATOL);
    expect(difference(state_out.data, state.data)).toBeLessThan(LOOP_ATOL);
  });

  it.each([14, 15, 16, 17, 18, 19, 20, 21])('gives the same values with opset %i', async (opset) => {
    const run = async (version: number): Promise<Float32Array> => {
      const { generator } = exportNet(artifacts, {
        lag: 2,
        scaler: none(1),
        producerVersion: '0.1.0',
        opset: version,
      });
      const model = await LoadedModel.of(generator!);
      return (await model.run({ x: floats([1, 3, 1], [0, 0.5, 1]), state_in: zero, samples: 9n }))['y'].data;
    };
    expect(await run(opset)).toEqual(await run(opsets.default));
  });

  it.each([none(1), scaled1])(
    'fails cleanly for a prompt that is shorter than the lag, scaler $kind',
    async (scaler) => {
      const { generator } = exportNet(artifacts, { lag: 4, scaler, producerVersion: '0.1.0' });
      const model = await LoadedModel.of(generator!);
      // As many values in all as four samples of one sequence have.
      const feeds = { x: floats([2, 2, 1], [0, 0.5, 1, 0]), state_in: floats([2, 8], zeros(16)) };
      for (const samples of [2n, 9n]) {
        await expect(model.run({ ...feeds, samples })).rejects.toThrow('indices element out of data bounds');
      }
      const long = { ...feeds, x: floats([2, 4, 1], values(8, 1)) };
      expect((await model.run({ ...long, samples: 2n }))['y'].dims).toEqual([2, 2, 1]);
    },
  );
});
