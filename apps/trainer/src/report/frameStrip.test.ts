import { describe, expect, it } from 'vitest';
import { frameStrip } from './frameStrip.ts';

describe(frameStrip, () => {
  it('draws a square for every value, brighter for larger ones, and clips what lies outside 0 to 1', () => {
    const svg = frameStrip([{ name: 'x', frames: [0, 0.5, 1, 2, -1, 0, 0, 0] }], 2, 2);
    const fills = [...svg.matchAll(/fill="(rgb[^"]*)"/g)].map(([, fill]) => fill);
    expect(fills.slice(0, 5)).toEqual([
      'rgb(0 0 0)',
      'rgb(128 128 128)',
      'rgb(255 255 255)',
      'rgb(255 255 255)',
      'rgb(0 0 0)',
    ]);
    expect(fills).toHaveLength(8);
  });

  it('shows every second frame when asked', () => {
    const svg = frameStrip([{ name: 'x', frames: new Float32Array(5) }], 1, 1, 2);
    expect(svg.match(/<rect/g)).toHaveLength(3);
  });
});
