import { describe, expect, it } from 'vitest';
import { floatTensor } from './floatTensor.ts';
import { generate } from './generate.ts';
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
  it('refuses a model without a generator', async () => {
    await expect(
      generate(fakeSession(), fakeManifest(), floatTensor([1, 1, 1], [0]), undefined, 1),
    ).rejects.toThrow(
      'model "fake" has no generator.onnx; only a model whose outputs are its features can generate',
    );
  });

  it('refuses a prompt shorter than the lag, and takes one as long', async () => {
    await expect(
      generate(fakeSession(), withGenerator, floatTensor([1, 2, 1], [0, 0]), undefined, 1),
    ).rejects.toThrow("prompt: expected at least 3 samples (the model's lag), got 2; give a longer prompt");
    await expect(
      generate(fakeSession(), withGenerator, floatTensor([1, 3, 1], [0, 0, 0]), undefined, 1),
    ).resolves.toBeDefined();
  });
});
