import { describe, expect, it } from 'vitest';
import { advance, samplesToCompute } from './playback.ts';

const pace = { samples: 400, speed: 40 };

describe(advance, () => {
  it('grows by speed times time', () => {
    expect(advance(10, 400, 0.05, pace)).toBe(12);
  });

  it('waits for what is not computed yet, and ends at the last sample', () => {
    expect(advance(10, 11, 0.05, pace)).toBe(11);
    expect(advance(399.5, 1000, 0.05, pace)).toBe(400);
  });

  it('does not leap after the page was in the background', () => {
    expect(advance(10, 400, 60, pace)).toBe(14);
  });

  it('shows all there is when there is no speed', () => {
    expect(advance(0, 300, 0, { samples: 400, speed: Infinity })).toBe(300);
  });
});

describe(samplesToCompute, () => {
  it('keeps a reserve, in pieces of twice its size', () => {
    expect(samplesToCompute(0, 0, pace)).toBe(64);
    expect(samplesToCompute(0, 64, pace)).toBe(0);
    expect(samplesToCompute(40, 64, pace)).toBe(64);
  });

  it('keeps a larger reserve at a higher speed', () => {
    expect(samplesToCompute(0, 0, { samples: 10_000, speed: 1000 })).toBe(800);
  });

  it('computes no more than the requested samples, and all of them without a speed', () => {
    expect(samplesToCompute(360, 380, pace)).toBe(20);
    expect(samplesToCompute(390, 400, pace)).toBe(0);
    expect(samplesToCompute(0, 0, { samples: 400, speed: Infinity })).toBe(400);
  });
});
