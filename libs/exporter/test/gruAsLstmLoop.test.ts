import { describe, expect, it } from 'vitest';
import { exportNet } from '../src/index.ts';
import { readReference, referenceArtifacts } from './support/pytorchReference.ts';
import { mulberry32, ondaNetArtifacts, randomWeights } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';

const scaler = { kind: 'none' as const, center: [0, 0], scale: [1, 1] };

/** Two orders of the same float32 sums; the contract's bound for values of 1, here times the factor that weights are made larger by. */
const ATOL = 1e-5;

/** The weights of a net, made larger: gates shut and open, values turn about. */
function strongWeights(
  spec: Parameters<typeof randomWeights>[0],
  factor: number,
): Record<string, Float32Array> {
  const weights = Object.entries(randomWeights(spec, 21));
  return Object.fromEntries(weights.map(([name, values]) => [name, values.map((value) => value * factor)]));
}

describe('the closed loop of a GRU as an LSTM of two phases', () => {
  it.each(
    [
      { factor: 1, samples: 200 },
      { factor: 3, samples: 200 },
      // So strong that the loop is chaotic: every sample makes a difference some times larger.
      { factor: 12, samples: 4 },
    ].flatMap((one) => [true, false].map((resetAfter) => ({ ...one, resetAfter }))),
  )('gives what a loop over model.onnx gives: weights x $factor, reset after $resetAfter', async (one) => {
    const { samples } = one;
    const spec = { cell: 'gru' as const, layers: 1, units: 16, features: 2, outputs: 2 };
    const weights = strongWeights(spec, one.factor);
    const artifacts = ondaNetArtifacts(spec, weights, { reset_after: one.resetAfter });
    const { model, generator } = exportNet(artifacts, { lag: 1, scaler, producerVersion: '0.1.0' });
    const sequence = await LoadedModel.of(model);
    const whole = await LoadedModel.of(generator!);
    const random = mulberry32(3);
    for (const batch of [1, 4]) {
      const prompt = floats(
        [batch, 5, 2],
        Array.from({ length: batch * 10 }, () => 2 * random() - 1),
      );
      const state = floats([batch, 16], new Float32Array(batch * 16));
      const run = await whole.run({ x: prompt, state_in: state, samples: BigInt(samples) });
      let step = await sequence.run({ x: prompt, state_in: state });
      let fed = floats([batch, 1, 2], lastSamples(step.y.data, batch, 5));
      let worst = 0;
      for (let sample = 0; sample < samples; sample++) {
        const made = Float32Array.from({ length: batch * 2 }, (_, index) => {
          const row = Math.floor(index / 2);
          return run.y.data[(row * samples + sample) * 2 + (index % 2)];
        });
        worst = Math.max(worst, difference(made, fed.data));
        if (sample === samples - 1) break;
        step = await sequence.run({ x: fed, state_in: step.state_out });
        fed = floats([batch, 1, 2], step.y.data);
      }
      expect(worst).toBeLessThan(ATOL * one.factor);
      expect(difference(run.state_out.data, step.state_out.data)).toBeLessThan(ATOL * one.factor);
    }
  });
});

describe('the closed loop of a fitted gru', () => {
  it("keeps to a loop over model.onnx as closely as PyTorch's own does", async () => {
    const artifacts = referenceArtifacts(readReference('pytorch-sine-gru'));
    const one = { kind: 'none' as const, center: [0], scale: [1] };
    const { model, generator } = exportNet(artifacts, { lag: 1, scaler: one, producerVersion: '0.1.0' });
    const sequence = await LoadedModel.of(model);
    const state = floats([1, 32], new Float32Array(32));
    const x = floats(
      [1, 20, 1],
      Array.from({ length: 20 }, (_, sample) => Math.sin((sample * Math.PI) / 20)),
    );
    const whole = await (await LoadedModel.of(generator!)).run({ x, state_in: state, samples: 200n });
    let step = await sequence.run({ x, state_in: state });
    const expected = [step.y.data[19]];
    while (expected.length < 200) {
      step = await sequence.run({ x: floats([1, 1, 1], expected.slice(-1)), state_in: step.state_out });
      expected.push(step.y.data[0]);
    }
    // Measured 1.2e-6; PyTorch's loop is 5e-6 off. Half of the contract's bound, so that a changed tanh of ONNX Runtime shows here first.
    expect(difference(whole.y.data, expected)).toBeLessThan(5e-6);
  });
});

/** The last sample of each row, [batch, 2], of [batch, time, 2]. */
function lastSamples(data: Float32Array, batch: number, time: number): number[] {
  return Array.from({ length: batch }, (_, row) =>
    Array.from(data.subarray(((row + 1) * time - 1) * 2, (row + 1) * time * 2)),
  ).flat();
}

describe('a closed loop of very many samples', () => {
  it('takes the Scan, which needs less memory, and continues like a shorter loop', async () => {
    const spec = { cell: 'gru' as const, layers: 1, units: 32, features: 1, outputs: 1 };
    const one = { kind: 'none' as const, center: [0], scale: [1] };
    const artifacts = ondaNetArtifacts(spec, randomWeights(spec, 2));
    const { generator } = exportNet(artifacts, { lag: 1, scaler: one, producerVersion: '0.1.0' });
    const loop = await LoadedModel.of(generator!);
    const feeds = { x: floats([1, 1, 1], [0.5]), state_in: floats([1, 32], new Float32Array(32)) };
    const short = await loop.run({ ...feeds, samples: 100n });
    // 640 values a sample: 2^26 are 104,857 samples.
    const long = await loop.run({ ...feeds, samples: 104_900n });
    expect(long.y.dims).toEqual([1, 104_900, 1]);
    expect(difference(long.y.data.subarray(0, 100), short.y.data)).toBeLessThan(ATOL);
  });
});
