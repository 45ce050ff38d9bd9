import { parseFitConfig, type FitConfig } from '@onda/contract';
import { createSource } from '@onda/series';
import { describe, expect, it } from 'vitest';
import { demonstration } from './demonstration.ts';

const config = (data: object, lag = 1): FitConfig => parseFitConfig({ name: 'a', lag, data }, 'test');

function seriesOf(rows: number, holdout: number, lag: number): ReturnType<typeof demonstration> {
  const csv = `v\n${Array.from({ length: rows }, (_, i) => String(i)).join('\n')}\n`;
  const series = config({ kind: 'csv', file: 'a.csv', columns: ['v'], samples: 5, holdout }, lag);
  const source = createSource(series, { source: 'a.csv', bytes: new TextEncoder().encode(csv) });
  return demonstration(series, source);
}

describe(demonstration, () => {
  it('shows the first chunk of the sine and goes on where it ends', () => {
    const sine = config({ kind: 'sine' });
    const { prompt, truth, samples } = demonstration(sine, createSource(sine));
    expect(prompt).toHaveLength(20);
    expect(samples).toBe(200);
    // Sample 20 is sin(pi), sample 30 is sin(3 pi / 2).
    expect(truth?.[0]).toBeCloseTo(0, 6);
    expect(truth?.[10]).toBeCloseTo(-1, 6);
  });

  it.each([1, 3])('shows a series up to what is held back, lag %d', (lag) => {
    const { prompt, truth, samples } = seriesOf(20, 4, lag);
    expect(Array.from(prompt)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(Array.from(truth ?? [])).toEqual([16, 17, 18, 19]);
    expect(samples).toBe(4);
  });

  it('knows no truth where nothing is held back', () => {
    expect(seriesOf(20, 0, 1).truth).toBeNull();
  });

  it('shows the first frames of a clip and the rest as truth', () => {
    const video = config({ kind: 'video-clips', clips: 2, batch: 1, holdout: 1, frames: 12 });
    const { time, truth, samples } = demonstration(video, createSource(video));
    expect([time, samples, truth?.length]).toEqual([10, 3, 12]);
  });
});
