import { expect } from 'vitest';
import { generateClosedLoop } from '../closedLoop.ts';
import { generate } from '../generate.ts';
import type { RuntimeTests } from './fixture.ts';
import { expectClose, sines, sliceSamples } from './values.ts';

const LONG = 200;

/** generator.onnx against the loop over model.onnx. */
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
  'generates first what the model says at the last value of the prompt': async ({
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
  'goes on from a generation when its last value and state are handed on': async ({
    generator,
    manifest,
  }) => {
    const prompt = sines(1, 20);
    const whole = await generate(generator, manifest, prompt, undefined, 50);
    const first = await generate(generator, manifest, prompt, undefined, 30);
    const last = sliceSamples(first.y, 29, 30);
    const second = await generate(generator, manifest, last, first.state, 20);
    expectClose(second.y, sliceSamples(whole.y, 30, 50));
  },
  'refuses to generate no samples, or a part of one': async ({ generator, manifest }) => {
    await expect(generate(generator, manifest, sines(1, 20), undefined, 0)).rejects.toThrow(
      'samples: expected a whole number of at least 1, got 0; ask for 1 or more',
    );
    await expect(generate(generator, manifest, sines(1, 20), undefined, 1.5)).rejects.toThrow(
      'samples: expected a whole number of at least 1, got 1.5; ask for 1 or more',
    );
  },
};
