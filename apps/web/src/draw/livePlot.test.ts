import { describe, expect, it } from 'vitest';
import type { LiveScene } from './livePlot.ts';
import { liveLines } from './livePlot.ts';

const scene: LiveScene = {
  names: ['a', 'b'],
  prompt: Float32Array.of(0, 10, 1, 11),
  generated: [2, 12, 4, 14, 8, 18],
  shown: 1.5,
  truth: (sample, feature) => (sample > 3 ? NaN : sample + 10 * feature),
  window: [0, 6],
  range: [0, 20],
};

describe(liveLines, () => {
  it('draws the net from the last sample of the prompt to a position between two samples', () => {
    const { generated, head } = liveLines(scene, 0, 100);
    expect(generated).toEqual([
      [1, 1],
      [2, 2],
      [2.5, 3],
    ]);
    expect(head).toEqual([2.5, 3]);
  });

  it('reads the given feature', () => {
    const { prompt, head } = liveLines(scene, 1, 100);
    expect(prompt).toEqual([
      [0, 10],
      [1, 11],
    ]);
    expect(head).toEqual([2.5, 13]);
  });

  it('fills the area between the net and the true values, as far as they are known', () => {
    expect(liveLines({ ...scene, shown: 3 }, 0, 100).gap).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
      [3, 3],
      [2, 2],
      [1, 1],
    ]);
    expect(liveLines({ ...scene, truth: () => NaN }, 0, 100).gap).toEqual([]);
  });

  it('omits samples outside of the picture, except for one on each side', () => {
    const { prompt, generated, truth } = liveLines({ ...scene, shown: 3, window: [2.5, 3] }, 0, 100);
    expect(prompt).toEqual([[1, 1]]);
    expect(generated.map(([sample]) => sample)).toEqual([1, 2, 3, 4]);
    expect(truth.map(([sample]) => sample)).toEqual([1, 2, 3, 4]);
  });
});
