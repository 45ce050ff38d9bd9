import { drawKeys, uniformDraws } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import type { TfjsReference } from '../export/tfjsReference.ts';
import { drawnBand, shareWithin } from './drawnBand.ts';

/** Draws uniform values, whatever the prompt. */
const reference: TfjsReference = {
  forward: () => ({ y: new Float32Array(), state: new Float32Array() }),
  closedLoop: (prompt, batch, _time, samples, _lag, keys = drawKeys(0n)) => {
    expect(prompt).toHaveLength(batch * 3);
    return Float32Array.from(
      { length: batch * samples },
      (_, at) => uniformDraws(keys, at % samples, Math.floor(at / samples))[0],
    );
  },
};

const shown = { prompt: Float32Array.of(1, 2, 3), time: 3, samples: 400, truth: null };

describe(drawnBand, () => {
  it('leaves out as many continuations below as above', () => {
    const { first, band } = drawnBand(reference, shown, 1);
    expect(first).toHaveLength(400);
    const mean = (values: Float32Array): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    // Of 100 uniform draws the sixth least has the mean 6 / 101 and the deviation 0.023; 400 means of it 0.0012.
    expect(Math.abs(mean(band.low) - 6 / 101)).toBeLessThan(0.006);
    expect(Math.abs(mean(band.high) - 95 / 101)).toBeLessThan(0.006);
    // 90 of 100 lie within, the outermost of them on its edges; one of 400 samples is off by 0.3 / 20.
    expect(Math.abs(shareWithin(band, first) - 0.9)).toBeLessThan(0.06);
  });
});

describe(shareWithin, () => {
  it('counts the edges in, and what is no number out', () => {
    const band = { count: 1, within: 1, low: Float32Array.of(0, 0, 0, 0), high: Float32Array.of(1, 1, 1, 1) };
    expect(shareWithin(band, Float32Array.of(0, 1, 1.5, NaN))).toBe(0.5);
  });
});
