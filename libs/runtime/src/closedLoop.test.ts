import { describe, expect, it } from 'vitest';
import { generateClosedLoop } from './closedLoop.ts';
import { floatTensor } from './tensors.ts';
import { SequenceModel } from './sequenceModel.ts';
import { fakeManifest, fakeSession } from './testing/fakeModel.ts';

describe(generateClosedLoop, () => {
  it('feeds each prediction back except the last', async () => {
    const model = new SequenceModel(fakeSession(), fakeManifest());
    const { y, state } = await generateClosedLoop(model, floatTensor([1, 2, 1], [7, 1]), undefined, 3);
    expect([...y.data]).toEqual([2, 3, 4]);
    expect([...state.data]).toEqual([7 + 1 + 2 + 3]);
  });

  it('takes the first values from the prompt when the lag is more than one sample', async () => {
    const model = new SequenceModel(fakeSession(), fakeManifest({ lag: 2 }));
    const { y, state } = await generateClosedLoop(model, floatTensor([1, 3, 1], [9, 1, 5]), undefined, 4);
    expect([...y.data]).toEqual([2, 6, 3, 7]);
    expect([...state.data]).toEqual([9 + 1 + 5 + 2 + 6]);
  });

  it('feeds nothing back if the prompt gives all requested samples', async () => {
    const model = new SequenceModel(fakeSession(), fakeManifest({ lag: 2 }));
    const { y, state } = await generateClosedLoop(model, floatTensor([1, 3, 1], [9, 1, 5]), undefined, 1);
    expect([...y.data]).toEqual([2]);
    expect([...state.data]).toEqual([15]);
  });

  it('runs rows of a batch independently from the given state', async () => {
    const model = new SequenceModel(fakeSession(), fakeManifest());
    const start = floatTensor([2, 1], [100, 200]);
    const { y, state } = await generateClosedLoop(model, floatTensor([2, 1, 1], [1, 11]), start, 2);
    expect([...y.data]).toEqual([2, 3, 12, 13]);
    expect([...state.data]).toEqual([103, 223]);
  });

  it('rejects a prompt shorter than the lag', async () => {
    const model = new SequenceModel(fakeSession(), fakeManifest({ lag: 2 }));
    await expect(generateClosedLoop(model, floatTensor([1, 1, 1], [9]), undefined, 1)).rejects.toThrow(
      'prompt: expected at least 2 samples (the lag of the model), got 1; pass a longer prompt',
    );
  });

  it('rejects a model that does not predict its own inputs', async () => {
    const manifest = fakeManifest();
    const model = new SequenceModel(fakeSession(), { ...manifest, net: { ...manifest.net, outputs: 3 } });
    await expect(generateClosedLoop(model, floatTensor([1, 1, 1], [9]), undefined, 1)).rejects.toThrow(
      'model "fake": expected as many outputs as features to feed predictions back, got 3 and 1; use a model that predicts its own inputs',
    );
  });
});
