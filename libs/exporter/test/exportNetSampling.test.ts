import { describe, expect, it } from 'vitest';
import type { Sampling, Scaler } from '@onda/contract';
import { ConfigError, drawKeys, samplingBlocks, uniformDraws } from '@onda/contract';
import { checkModel } from '@onda/onnx';
import { exportNet, UnsupportedError } from '../src/index.ts';
import { ondaNetArtifacts, randomWeights } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import { PlainNet } from './support/plainNet.ts';

/** Some ten samples in float32 against float64 by hand, values of about 20 in the data's units; measured up to 2e-5. */
const ATOL = 2e-4;
const seed = 9n;
const samples = 10;
const features = 2;
const scaler: Scaler = { kind: 'standard', center: [20, -3], scale: [4, 0.5] };

const samplings: Sampling[] = [
  { kind: 'gaussian', source: 'seed' },
  { kind: 'quantile', levels: [0.5, 0.1, 0.9], source: 'seed' },
];

/** What an output in the net's units is in the data's: values are scaled back, and so is the deviation that a logarithm stands for. */
function inUnits(sampling: Sampling, value: number, column: number): number {
  const feature = column % features;
  const isVariance = sampling.kind === 'gaussian' && column >= features;
  if (isVariance) return Math.log(Math.exp(value) * scaler.scale[feature] ** 2);
  return value * scaler.scale[feature] + scaler.center[feature];
}

/** The value that a seed draws from the outputs of a feature. */
function drawn({ kind }: Sampling, blocks: number[], feature: number, sample: number): number {
  const [u, v] = uniformDraws(drawKeys(seed), sample, feature);
  const [middle, second, third] = blocks;
  if (kind === 'gaussian') {
    return middle + Math.exp(second / 2) * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }
  return u < 0.5
    ? second + ((u - 0.1) / 0.4) * (middle - second)
    : middle + ((u - 0.5) / 0.4) * (third - middle);
}

describe('exportNet of a net whose values are drawn', () => {
  it.each(
    samplings.flatMap((sampling) =>
      [1, 2].flatMap((lag) => (['row', 'separate'] as const).map((states) => ({ sampling, lag, states }))),
    ),
  )(
    'puts all outputs in the units of the data and draws from them: $sampling.kind, lag $lag, $states',
    async ({ sampling, lag, states }) => {
      const outputs = samplingBlocks(sampling) * features;
      const spec = { cell: 'lstm', layers: 2, units: 5, features, outputs } as const;
      const weights = randomWeights(spec, 3);
      const exported = exportNet(ondaNetArtifacts(spec, weights), { lag, scaler, sampling, states });
      const { model, generator, state } = exported;
      expect([checkModel(model), checkModel(generator!)]).toEqual([[], []]);
      expect(exported.spec.outputs).toBe(outputs);
      expect(exported.tensors.generator?.inputs.map(({ name }) => name)).toContain('seed');

      const start = Array.from({ length: 6 }, (_, at) => [20 + Math.sin(at), -3 + at / 10]);
      const zeros: Record<string, ReturnType<typeof floats>> = {};
      for (const { name, shape } of exported.tensors.model.inputs.slice(1)) {
        zeros[name] = floats([1, Number(shape[1])], new Float32Array(Number(shape[1])));
      }
      expect(state.size).toBe(20);

      // By hand: the whole sequence again for each value, in scaled units, with outputs in data units.
      const outputsOf = (known: number[][]): number[][] => {
        const net = new PlainNet(spec, weights);
        return known.map((values) => {
          const scaled = values.map((value, at) => (value - scaler.center[at]) / scaler.scale[at]);
          return net.step(scaled).map((value, column) => inUnits(sampling, value, column));
        });
      };
      const x = floats([1, start.length, features], start.flat());
      const { y } = await (await LoadedModel.of(model)).run({ x, ...zeros });
      expect(y.dims).toEqual([1, start.length, outputs]);
      expect(difference(y.data, outputsOf(start).flat())).toBeLessThan(ATOL);

      const known = [...start];
      for (let sample = 0; sample < samples; sample++) {
        const raw = outputsOf(known)[known.length - lag];
        known.push(
          [0, 1].map((feature) =>
            drawn(
              sampling,
              raw.filter((_, column) => column % features === feature),
              feature,
              sample,
            ),
          ),
        );
      }
      const loop = await LoadedModel.of(generator!);
      const run = await loop.run({ x, ...zeros, samples: BigInt(samples), seed });
      expect(run.y.dims).toEqual([1, samples, features]);
      expect(difference(run.y.data, known.slice(start.length).flat())).toBeLessThan(ATOL);
    },
  );

  const plain = { cell: 'rnn', layers: 1, units: 3, features: 2, outputs: 3 } as const;
  const artifacts = ondaNetArtifacts(plain, randomWeights(plain, 1));
  const [gaussian] = samplings;
  it.each([
    [
      'outputs that are not a distribution',
      { sampling: gaussian },
      new UnsupportedError(
        'model "onda": its output cannot be its next input: expected 2 outputs for each of 2 features, as sampling "gaussian" has them, got [batch, time, 3] for [batch, time, 2]; export it without a generator',
      ),
    ],
    [
      'weights in int8',
      { sampling: gaussian, precision: 'int8' as const },
      new ConfigError(
        'precision: expected float32 or float16 for a net with sampling, got int8, which its generator does not support; use one of them',
      ),
    ],
  ])('refuses %s', (_what, options, error) => {
    expect(() => exportNet(artifacts, { lag: 1, scaler, ...options })).toThrow(error);
  });
});
