import { describe, expect, it } from 'vitest';
import type { FitConfig } from '@onda/contract';
import { drawKeys, parseFitConfig, uniformDraws } from '@onda/contract';
import { createSource, readTable } from '@onda/series';
import type { TfjsReference } from '../export/tfjsReference.ts';
import { demonstration, drawnBand, shareWithin } from './demonstration.ts';

const config = (data: object, lag = 1): FitConfig => parseFitConfig({ name: 'a', lag, data }, 'test');

async function seriesOf(
  rows: number,
  holdout: number,
  lag: number,
): Promise<ReturnType<typeof demonstration>> {
  const csv = `v\n${Array.from({ length: rows }, (_, i) => String(i)).join('\n')}\n`;
  const series = config({ kind: 'csv', file: 'a.csv', columns: ['v'], samples: 5, holdout }, lag);
  const bytes = new TextEncoder().encode(csv);
  const source = createSource(series, { bytes, table: await readTable(bytes, { source: 'a.csv' }) });
  return demonstration(series, source);
}

describe(demonstration, () => {
  it('shows the first chunk of the sine and continues where it ends', () => {
    const sine = config({ kind: 'sine' });
    const { prompt, truth, samples } = demonstration(sine, createSource(sine));
    expect(prompt).toHaveLength(20);
    expect(samples).toBe(200);
    // Sample 20 is sin(pi), sample 30 is sin(3 pi / 2).
    expect(truth?.[0]).toBeCloseTo(0, 6);
    expect(truth?.[10]).toBeCloseTo(-1, 6);
  });

  it.each([1, 3])('uses a series up to the hold-out part as prompt, lag %d', async (lag) => {
    const { prompt, truth, samples } = await seriesOf(20, 4, lag);
    expect(Array.from(prompt)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(Array.from(truth ?? [])).toEqual([16, 17, 18, 19]);
    expect(samples).toBe(4);
  });

  it('has no true values without hold-out data', async () => {
    expect((await seriesOf(20, 0, 1)).truth).toBeNull();
  });

  it('shows the first frames of a clip and the rest as truth', () => {
    const video = config({ kind: 'video-clips', clips: 2, batch: 1, holdout: 1, frames: 12 });
    const { time, truth, samples } = demonstration(video, createSource(video));
    expect([time, samples, truth?.length]).toEqual([10, 3, 12]);
  });
});

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
  it('excludes as many continuations below as above', () => {
    const { first, band } = drawnBand(reference, shown, 1);
    expect(first).toHaveLength(400);
    const mean = (values: Float32Array): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    // Of 100 uniform draws the sixth least has the mean 6 / 101 and the deviation 0.023; 400 means of it 0.0012.
    expect(Math.abs(mean(band.low) - 6 / 101)).toBeLessThan(0.006);
    expect(Math.abs(mean(band.high) - 95 / 101)).toBeLessThan(0.006);
    // 90 of 100 are inside the band, the outermost of them on its edges; one of 400 samples differs by 0.3 / 20.
    expect(Math.abs(shareWithin(band, first) - 0.9)).toBeLessThan(0.06);
  });
});

describe(shareWithin, () => {
  it('includes the edges and excludes NaN', () => {
    const band = { count: 1, within: 1, low: Float32Array.of(0, 0, 0, 0), high: Float32Array.of(1, 1, 1, 1) };
    expect(shareWithin(band, Float32Array.of(0, 1, 1.5, NaN))).toBe(0.5);
  });
});
