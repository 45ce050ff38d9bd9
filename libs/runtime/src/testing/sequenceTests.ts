import { expect } from 'vitest';
import { floatTensor } from '../floatTensor.ts';
import { SequenceModel } from '../sequenceModel.ts';
import type { RuntimeTests } from './fixture.ts';
import { expectClose, sines, sliceRow, sliceSamples } from './values.ts';

/** model.onnx: shapes, state chaining, rows that do not see each other. */
export const sequenceTests: RuntimeTests = {
  'names the inputs and outputs of the model with types and shapes': async ({ session, manifest }) => {
    await Promise.resolve();
    const { inputs, outputs } = manifest.tensors.model;
    expect(session.inputs.map(({ name, type }) => [name, type])).toEqual(
      inputs.map(({ name, type }) => [name, type]),
    );
    expect(session.outputs.map(({ name, type }) => [name, type])).toEqual(
      outputs.map(({ name, type }) => [name, type]),
    );
    expect(session.inputs.map(({ shape }) => shape)).toEqual(inputs.map(({ shape }) => shape));
    expect(session.provider).toMatch(/^[a-z]+$/);
  },
  'gives values and a state of the shapes that the manifest names, for other batches and lengths too':
    async ({ model, manifest }) => {
      for (const [batch, time] of [
        [1, 1],
        [1, 20],
        [3, 37],
      ]) {
        const { y, state } = await model.step(sines(batch, time));
        expect(y.dims).toEqual([batch, time, manifest.net.outputs]);
        expect(state.dims).toEqual([batch, manifest.state.size]);
        expect(y.data.every(Number.isFinite)).toBe(true);
      }
    },
  'gives the same values when a sequence is split and the state is handed on': async ({ model }) => {
    const x = sines(2, 40);
    const whole = await model.step(x);
    const first = await model.step(sliceSamples(x, 0, 13));
    const second = await model.step(sliceSamples(x, 13, 40), first.state);
    expectClose(first.y, sliceSamples(whole.y, 0, 13));
    expectClose(second.y, sliceSamples(whole.y, 13, 40));
    expectClose(second.state, whole.state);
  },
  'starts from zeros when no state is given, and another state changes the values': async ({
    model,
    manifest,
  }) => {
    const x = sines(1, 5);
    const unset = await model.step(x);
    const zeros = await model.step(x, model.zeroState());
    const { size } = manifest.state;
    const ones = await model.step(x, floatTensor([1, size], new Float32Array(size).fill(1)));
    expect(zeros.y.data).toEqual(unset.y.data);
    expect(ones.y.data).not.toEqual(unset.y.data);
  },
  'runs the rows of a batch as if each were alone': async ({ model }) => {
    const x = sines(4, 20);
    const together = await model.step(x);
    for (let row = 0; row < 4; row++) {
      const alone = await model.step(sliceRow(x, row));
      expectClose(sliceRow(together.y, row), alone.y);
      expectClose(sliceRow(together.state, row), alone.state);
    }
  },
  'leaves the inputs as they were, and results that a later run does not change': async ({ model }) => {
    const x = sines(1, 8);
    const copy = x.data.slice();
    const first = await model.step(x);
    const kept = first.y.data.slice();
    await model.step(sines(1, 8), first.state);
    expect(x.data).toEqual(copy);
    expect(first.y.data).toEqual(kept);
  },
  'computes only the outputs that are asked for': async ({ session, model }) => {
    const results = await session.run({ x: sines(1, 3), state_in: model.zeroState() }, ['y']);
    expect(Object.keys(results)).toEqual(['y']);
  },
  'answers runs that overlap, each with its own values': async ({ model }) => {
    const xs = [1, 2, 3, 4, 5].map((time) => sines(1, time));
    const results = await Promise.all(xs.map((x) => model.step(x)));
    for (const [index, x] of xs.entries()) expectClose(results[index].y, (await model.step(x)).y);
  },
  'frees a session, which then refuses to run': async ({ runtime, manifest, modelBytes }) => {
    const session = await runtime.createSession(modelBytes);
    await session.release();
    await expect(new SequenceModel(session, manifest).step(sines(1, 1))).rejects.toThrow(
      'the session was released; create another one',
    );
  },
};
