import { describe, expect, it } from 'vitest';
import { createVideoClips } from './video.ts';

const spec = { frames: 50, height: 3, width: 4, seed: 1 };

describe(createVideoClips, () => {
  it('shows one dot in every frame: brightness 1 in all, on neighboring pixels', () => {
    const values = createVideoClips({ ...spec, clips: 20 });
    expect(values).toHaveLength(20 * 50 * 12);
    for (let frame = 0; frame < 20 * 50; frame++) {
      const pixels = values.subarray(frame * 12, (frame + 1) * 12);
      expect(pixels.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(pixels.filter((value) => value > 0).length).toBeLessThanOrEqual(4);
    }
  });

  it('moves the dot in a straight line and bounces it off the edges', () => {
    const places = dotPlaces(createVideoClips({ ...spec, clips: 1 }));
    const turns = places
      .slice(2)
      .filter(({ x }, i) => Math.abs(x - 2 * places[i + 1].x + places[i].x) > 1e-4);
    const steps = places.slice(1).map(({ x }, i) => Math.abs(x - places[i].x));
    // Most steps repeat the one before; a bounce breaks two of them.
    expect(turns.length).toBeGreaterThan(0);
    expect(turns.length).toBeLessThan(places.length / 2);
    expect(Math.max(...steps)).toBeLessThanOrEqual(0.15 * 3 + 1e-4);
    expect(Math.max(...steps)).toBeGreaterThan(0.03 * 3 - 1e-4);
  });

  it('creates the same clip i for any number of clips', () => {
    const all = createVideoClips({ ...spec, clips: 5 });
    expect(createVideoClips({ ...spec, clips: 2 }, 3)).toEqual(all.slice(3 * 50 * 12));
  });

  it('creates other clips from another seed', () => {
    const one = createVideoClips({ ...spec, clips: 1 });
    expect(createVideoClips({ ...spec, clips: 1, seed: 2 })).not.toEqual(one);
  });

  it('takes frames of a single pixel', () => {
    const values = createVideoClips({ clips: 1, frames: 4, height: 1, width: 1, seed: 0 });
    expect([...values]).toEqual([1, 1, 1, 1]);
  });
});

/** Where the brightness of each frame of a clip is centred, in pixels. */
function dotPlaces(values: Float32Array): { x: number; y: number }[] {
  return Array.from({ length: spec.frames }, (_, frame) => {
    const place = { x: 0, y: 0 };
    for (let pixel = 0; pixel < 12; pixel++) {
      place.x += values[frame * 12 + pixel] * (pixel % 4);
      place.y += values[frame * 12 + pixel] * Math.floor(pixel / 4);
    }
    return place;
  });
}
