import { describe, expect, it } from 'vitest';
import type { Manifest, Sampling } from '@onda/contract';
import { seedDim } from '@onda/contract';
import { generate, runGenerator } from './generator.ts';
import type { RuntimeTensor, Session } from './session.ts';
import { floatTensor } from './tensors.ts';
import { fakeManifest, fakeSession } from './testing/fakeModel.ts';

const { model } = fakeManifest().tensors;
const withGenerator = fakeManifest({
  lag: 3,
  tensors: {
    model,
    generator: { ...model, inputs: [...model.inputs, { name: 'samples', type: 'int64', shape: [1] }] },
  },
});

describe(generate, () => {
  it('rejects a model without a generator', async () => {
    await expect(
      generate(fakeSession(), fakeManifest(), floatTensor([1, 1, 1], [0]), undefined, 1),
    ).rejects.toThrow(
      'model "fake": expected generator.onnx, got none; only a model that predicts its own inputs can generate',
    );
  });

  it('rejects a prompt shorter than the lag and accepts one as long', async () => {
    await expect(
      generate(fakeSession(), withGenerator, floatTensor([1, 2, 1], [0, 0]), undefined, 1),
    ).rejects.toThrow(
      'prompt: expected at least 3 samples (the lag of the model), got 2; pass a longer prompt',
    );
    await expect(
      generate(fakeSession(), withGenerator, floatTensor([1, 3, 1], [0, 0, 0]), undefined, 1),
    ).resolves.toBeDefined();
  });
});

const x = { name: 'x', type: 'float32', shape: ['batch', 'time', 1] } as const;
const samples = { name: 'samples', type: 'int64', shape: [1] } as const;
const seed = { name: 'seed', type: 'int64', shape: [1] } as const;
const y = { name: 'y', type: 'float32', shape: ['batch', 'samples', 1] } as const;

/** A model without states with the given sampling, and a session that records its feeds. */
function drawing(
  sampling: Sampling | null,
  seedShape: (string | number)[] = [1],
): {
  manifest: Manifest;
  session: Session;
  fed: () => Record<string, RuntimeTensor>;
} {
  const { model } = fakeManifest().tensors;
  const inputs = [
    { ...x, shape: [...x.shape] },
    { ...samples, shape: [1] },
    ...(sampling ? [{ ...seed, shape: seedShape }] : []),
  ];
  const generator = { inputs, outputs: [{ ...y, shape: [...y.shape] }] };
  let fed: Record<string, RuntimeTensor> = {};
  const session: Session = {
    inputs,
    outputs: generator.outputs,
    provider: 'fake',
    run: (feeds) => {
      fed = { ...feeds };
      return Promise.resolve({ y: floatTensor([1, 1, 1], [0]) });
    },
    release: () => Promise.resolve(),
  };
  const manifest: Manifest = {
    ...fakeManifest(),
    net: null,
    state: null,
    sampling,
    tensors: { model, generator },
  };
  return { manifest, session, fed: () => fed };
}

const gaussian: Sampling = { kind: 'gaussian', source: 'seed' };
const prompt = floatTensor([1, 2, 1], [0, 1]);

describe(runGenerator, () => {
  it('feeds the seed of a model that samples, and no state without states', async () => {
    const { manifest, session, fed } = drawing(gaussian);
    const result = await runGenerator(session, manifest, { prompt, samples: 1, draws: { seed: -3n } });
    expect(result.state).toBeNull();
    expect(fed()).toEqual({
      x: prompt,
      samples: { type: 'int64', dims: [1], data: BigInt64Array.of(1n) },
      seed: { type: 'int64', dims: [1], data: BigInt64Array.of(-3n) },
    });
  });

  it('continues the draws of a seed at an offset if the generator supports it', async () => {
    const draws = { seed: 5n, from: 64 };
    const { manifest, session, fed } = drawing(gaussian, [seedDim]);
    await runGenerator(session, manifest, { prompt, samples: 1, draws });
    expect(fed()['seed']).toEqual({ type: 'int64', dims: [2], data: BigInt64Array.of(5n, 64n) });
    await runGenerator(session, manifest, { prompt, samples: 1, draws: { ...draws, from: 0 } });
    expect(fed()['seed'].dims).toEqual([1]);
    const alone = drawing(gaussian);
    await expect(runGenerator(alone.session, alone.manifest, { prompt, samples: 1, draws })).rejects.toThrow(
      'seed: expected no earlier samples, because the random numbers of model "fake" start over with each prompt, got 64; export the generator again',
    );
  });

  it('rejects a missing or wrong source of randomness', async () => {
    const { manifest, session } = drawing(gaussian);
    await expect(runGenerator(session, manifest, { prompt, samples: 1 })).rejects.toThrow(
      'seed: expected one, because model "fake" samples its values, got nothing; pass the seed',
    );
    const draws = { noise: prompt };
    await expect(runGenerator(session, manifest, { prompt, samples: 1, draws })).rejects.toThrow(
      'seed: expected one, because model "fake" samples its values, got noise; pass the seed',
    );
  });

  it('rejects a seed for a model that does not sample', async () => {
    const { manifest, session } = drawing(null);
    const call = { prompt, samples: 1, draws: { seed: 4n } };
    await expect(runGenerator(session, manifest, call)).rejects.toThrow(
      'seed: expected none, because model "fake" does not sample its values, got 4; omit it',
    );
    await expect(runGenerator(session, manifest, { prompt, samples: 1 })).resolves.toBeDefined();
  });
});
