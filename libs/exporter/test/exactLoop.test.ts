import { describe, expect, it } from 'vitest';
import { exportNet } from '../src/index.ts';
import { mulberry32, ondaNetArtifacts, randomWeights } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';

const samples = 200;
const scaler = { kind: 'standard' as const, center: [120, -40], scale: [80, 15] };

describe('the generator of a scaled net', () => {
  it.each(
    (['rnn', 'lstm', 'gru'] as const).flatMap((cell) =>
      [
        [1, 1],
        [2, 1],
        [1, 3],
      ].map(([layers, lag]) => ({ cell, layers, lag })),
    ),
  )(
    'gives the values of a loop over model.onnx bit for bit: $layers $cell, lag $lag',
    async ({ cell, layers, lag }) => {
      const spec = { cell, layers, units: 9, features: 2, outputs: 2 };
      const artifacts = ondaNetArtifacts(spec, randomWeights(spec, 5));
      const { model, generator, state } = exportNet(artifacts, { lag, scaler, producerVersion: '0.1.0' });
      const sequence = await LoadedModel.of(model);
      const whole = await LoadedModel.of(generator!);
      const random = mulberry32(3);
      const time = 12;
      const prompt = Array.from(
        { length: time * 2 },
        (_, i) => scaler.center[i % 2] + scaler.scale[i % 2] * (random() - 0.5),
      );

      let step = await sequence.run({
        x: floats([1, time, 2], prompt),
        state_in: floats([1, state.size], zeros(state.size)),
      });
      const values = Array.from(step.y.data.subarray((time - lag) * 2));
      while (values.length < samples * 2) {
        const fed = values.slice(values.length - lag * 2, values.length - lag * 2 + 2);
        step = await sequence.run({ x: floats([1, 1, 2], fed), state_in: step.state_out });
        values.push(...step.y.data);
      }
      const run = await whole.run({
        x: floats([1, time, 2], prompt),
        state_in: floats([1, state.size], zeros(state.size)),
        samples: BigInt(samples),
      });
      expect(difference(run.y.data, values)).toBe(0);
      expect(difference(run.state_out.data, Array.from(step.state_out.data))).toBe(0);
    },
  );
});

const zeros = (size: number): number[] => Array<number>(size).fill(0);
