import { expect } from 'vitest';
import type { NetManifest } from '@onda/contract';
import { ModelError } from '@onda/contract';
import { generateClosedLoop } from '../closedLoop.ts';
import { generate } from '../generator.ts';
import { SequenceModel } from '../sequenceModel.ts';
import type { Runtime, RuntimeTensor, Session } from '../session.ts';
import { floatTensor } from '../tensors.ts';
import { expectClose, sines, sliceRow, sliceSamples } from './values.ts';

/** Fixture of all tests; created before the first one. */
export interface Fixture {
  runtime: Runtime;
  manifest: NetManifest;
  modelBytes: Uint8Array;
  session: Session;
  generator: Session;
  model: SequenceModel;
}

/** Tests on the fixture, by name. */
type RuntimeTests = Readonly<Record<string, (fixture: Fixture) => Promise<void>>>;

/** Tests of model.onnx: shapes, state chaining, independent rows. */
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
  'gives the same values for a split sequence with the state passed on': async ({ model }) => {
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
  'runs the rows of a batch independently': async ({ model }) => {
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
  'computes only the requested outputs': async ({ session, model }) => {
    const results = await session.run({ x: sines(1, 3), state_in: model.zeroState() }, ['y']);
    expect(Object.keys(results)).toEqual(['y']);
  },
  'answers concurrent runs, each with its own values': async ({ model }) => {
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

const LONG = 200;

/** Tests of generator.onnx against the loop over model.onnx. */
export const generatorTests: RuntimeTests = {
  'generates what a loop over the model generates, values and state': async ({
    generator,
    manifest,
    model,
  }) => {
    const prompt = sines(2, 20);
    const inGraph = await generate(generator, manifest, prompt, undefined, LONG);
    const loop = await generateClosedLoop(model, prompt, undefined, LONG);
    expect(inGraph.y.dims).toEqual([2, LONG, 1]);
    expectClose(inGraph.y, loop.y);
    expectClose(inGraph.state, loop.state);
  },
  'generates first the prediction at the last value of the prompt': async ({
    generator,
    manifest,
    model,
  }) => {
    const prompt = sines(1, 20);
    const { y, state } = await generate(generator, manifest, prompt, undefined, 1);
    const primed = await model.step(prompt);
    expectClose(y, sliceSamples(primed.y, 19, 20));
    expectClose(state, primed.state);
  },
  'continues a generation from its last value and state': async ({ generator, manifest }) => {
    const prompt = sines(1, 20);
    const whole = await generate(generator, manifest, prompt, undefined, 50);
    const first = await generate(generator, manifest, prompt, undefined, 30);
    const last = sliceSamples(first.y, 29, 30);
    const second = await generate(generator, manifest, last, first.state, 20);
    expectClose(second.y, sliceSamples(whole.y, 30, 50));
  },
  'rejects to generate no samples, or a part of one': async ({ generator, manifest }) => {
    await expect(generate(generator, manifest, sines(1, 20), undefined, 0)).rejects.toThrow(
      'samples: expected a whole number of at least 1, got 0; request at least 1',
    );
    await expect(generate(generator, manifest, sines(1, 20), undefined, 1.5)).rejects.toThrow(
      'samples: expected a whole number of at least 1, got 1.5; request at least 1',
    );
  },
};

/**
 * Feeds that a session must reject before the run: onnxruntime-node 1.30 aborts the process for some of them.
 */
const rejected: readonly [name: string, feeds: Record<string, RuntimeTensor>, message: string][] = [
  [
    'a missing input',
    { x: sines(1, 4) },
    'input "state_in": missing; the inputs of the model are x and state_in',
  ],
  [
    'an input that the model does not have',
    { x: sines(1, 4), state_in: state(1), z: sines(1, 1) },
    'input "z": unknown input; the inputs of the model are x and state_in',
  ],
  [
    'batch 0',
    { x: floatTensor([0, 4, 1], []), state_in: state(0) },
    'input "x": expected every dim of [batch, time, 1] to be at least 1, got [0, 4, 1]; skip the run for empty input',
  ],
  [
    'time 0',
    { x: floatTensor([1, 0, 1], []), state_in: state(1) },
    'input "x": expected every dim of [batch, time, 1] to be at least 1, got [1, 0, 1]; skip the run for empty input',
  ],
  [
    "a rank that is not the model's",
    { x: floatTensor([4, 1], [1, 2, 3, 4]), state_in: state(1) },
    'input "x": expected shape [batch, time, 1], got [4, 1]; pass 3 dims',
  ],
  [
    'a fixed dim of another size',
    { x: floatTensor([1, 2, 2], [1, 2, 3, 4]), state_in: state(1) },
    'input "x": expected shape [batch, time, 1], got [1, 2, 2]; its dim 2 is always 1',
  ],
  [
    'batches that differ',
    { x: sines(2, 4), state_in: state(3) },
    'input "state_in": expected batch 2 as in input "x", got 3; use the same batch',
  ],
  [
    'fewer values than the dims say',
    { x: floatTensor([1, 4, 1], [1, 2, 3]), state_in: state(1) },
    'input "x": expected 4 values for shape [1, 4, 1], got 3; correct the shape or the values',
  ],
  [
    'another type',
    { x: { type: 'int64', dims: [1, 1, 1], data: BigInt64Array.of(1n) }, state_in: state(1) },
    'input "x": expected float32, got int64; convert the values',
  ],
];

/** Tests of rejected feeds: the exact error, and that the session still runs afterwards. */
export const feedTests: RuntimeTests = {
  ...Object.fromEntries(
    rejected.map(([name, feeds, message]): [string, RuntimeTests[string]] => [
      `rejects ${name}, and runs on`,
      async ({ session, model }) => {
        await expect(session.run(feeds)).rejects.toThrow(message);
        await expect(model.step(sines(1, 4))).resolves.toBeDefined();
      },
    ]),
  ),
  'rejects an output that the model does not have': async ({ session }) => {
    await expect(session.run({ x: sines(1, 4), state_in: state(1) }, ['z'])).rejects.toThrow(
      'output "z": unknown output; the outputs of the model are y and state_out',
    );
  },
  'rejects a step with a value that is not finite': async ({ model }) => {
    await expect(model.step(floatTensor([1, 2, 1], [0, NaN]))).rejects.toThrow(
      'input "x": expected finite numbers, got NaN at position 1; remove or replace it',
    );
  },
};

function state(batch: number): RuntimeTensor {
  return floatTensor([batch, 32], new Float32Array(batch * 32));
}

/** Tests of invalid bytes: an error, not a crash, and the runtime still works afterwards. */
export const damagedBytesTests: RuntimeTests = {
  'rejects a file that was cut short': async ({ runtime, modelBytes }) => {
    await expect(runtime.createSession(modelBytes.slice(0, modelBytes.length >> 1))).rejects.toThrow(
      ModelError,
    );
  },
  'rejects bytes that are not ONNX, and none at all': async ({ runtime }) => {
    const text = new TextEncoder().encode('this is not a model');
    await expect(runtime.createSession(text)).rejects.toThrow(
      /^the model cannot be loaded: .*; export or copy it again$/,
    );
    await expect(runtime.createSession(new Uint8Array(0))).rejects.toThrow(
      'the model cannot be loaded: the file is empty; export or copy it again',
    );
  },
  'loads a good model after a damaged one': async ({ runtime, modelBytes }) => {
    await expect(runtime.createSession(modelBytes.slice(10))).rejects.toThrow(ModelError);
    const session = await runtime.createSession(modelBytes);
    expect(session.inputs).toHaveLength(2);
    await session.release();
  },
};
