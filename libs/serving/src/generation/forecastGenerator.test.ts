import { describe, expect, it } from 'vitest';
import type { Session } from '@onda/runtime';
import { floatTensor, runGenerator } from '@onda/runtime';
import { forecastGenerator } from './forecastGenerator.ts';

const forecaster = { horizon: 3, levels: [0.5, 0.1, 0.9], period: 2, context: 4, targets: 2 };

/** A forecaster whose output value is 100 row + 10 step + column, over 3 levels of 2 targets. */
const session: Session = {
  inputs: [],
  outputs: [],
  provider: 'cpu',
  run: ({ x }) => {
    const [batch] = x.dims;
    const width = 6;
    const data = Float32Array.from(
      { length: batch * 3 * width },
      (_, at) => 100 * Math.floor(at / (3 * width)) + 10 * (Math.floor(at / width) % 3) + (at % width),
    );
    return Promise.resolve({ y: floatTensor([batch, 3, width], data) });
  },
  release: () => Promise.resolve(),
};

describe(forecastGenerator, () => {
  const generator = forecastGenerator({ name: 'f', forecaster }, session);
  const generate = async (time: number, samples: number): Promise<unknown> => {
    const prompt = floatTensor([2, time, 2], new Float32Array(2 * time * 2));
    return runGenerator(generator!.session, generator!.model, { prompt, samples });
  };

  it('answers with the medians of the first steps', async () => {
    expect(await generate(4, 2)).toEqual({
      y: floatTensor([2, 2, 2], [0, 1, 10, 11, 100, 101, 110, 111]),
      state: null,
    });
  });

  it('rejects more samples than the horizon, and a prompt shorter than a season', async () => {
    await expect(generate(4, 4)).rejects.toThrow(
      'samples: expected at most 3, the horizon of model "f", got 4; request fewer',
    );
    await expect(generate(1, 3)).rejects.toThrow(
      'prompt: expected at least 2 samples, one season of model "f", got 1; pass a longer prompt',
    );
  });

  it('is none for other models', () => {
    expect(forecastGenerator({ name: 'a' }, session)).toBeNull();
    expect(forecastGenerator(null, session)).toBeNull();
  });
});
