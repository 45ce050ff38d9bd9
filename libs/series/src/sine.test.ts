import { describe, expect, it } from 'vitest';
import { linspace, sineChunk } from './sine.ts';

describe(linspace, () => {
  it('ends on stop exactly', () => {
    const points = linspace(0, 0.3, 4);
    // numpy.linspace(0, 0.3, 4): the points between carry the rounding of 0.3 / 3.
    expect([...points]).toEqual([0, 0.09999999999999999, 0.19999999999999998, 0.3]);
  });
});

describe(sineChunk, () => {
  it('equals NumPy bit for bit: sin(linspace(k pi, (k + 1) pi, 21)) as float32', () => {
    expect([...sineChunk(3, 20).x.slice(0, 4)]).toEqual([
      3.6739402930577075e-16, -0.15643446147441864, -0.30901700258255005, -0.45399048924446106,
    ]);
    expect([...sineChunk(99, 20).y.slice(16)]).toEqual([
      -0.45399048924446106, -0.30901700258255005, -0.15643446147441864, 1.9643867187459172e-15,
    ]);
  });

  it('gives y as x one sample later', () => {
    const { x, y } = sineChunk(0, 20);
    expect(x).toHaveLength(20);
    expect(y.slice(0, 19)).toEqual(x.slice(1));
  });

  it('takes a greater lag at the same spacing', () => {
    const near = sineChunk(2, 20);
    const far = sineChunk(2, 20, 3);
    expect(far.y.slice(0, 17)).toEqual(far.x.slice(3));
    for (let i = 0; i < 20; i++) expect(far.x[i]).toBeCloseTo(near.x[i], 6);
    expect(far.y[19]).toBeCloseTo(Math.sin((2 + 22 / 20) * Math.PI), 6);
  });
});
