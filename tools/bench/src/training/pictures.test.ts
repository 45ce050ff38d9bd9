import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { scalingPicture, timesPicture } from './pictures.ts';
import { sweepsOf } from './scaling.ts';

const timed = (name: string) => ({
  name,
  unit: 'ms' as const,
  flops: null,
  times: new Map([
    ['onda-native', [1, 2, 3]],
    ['pytorch', [4, 5, 6]],
  ]),
});

describe(timesPicture, () => {
  it('draws a dot and its figure for each work and system', () => {
    const picture = timesPicture([timed('rnn-32-1-20'), timed('lstm-128-32-50')]);
    const { document } = parseHTML(picture?.svg ?? '');
    expect(document.querySelectorAll('circle')).toHaveLength(4);
    expect(picture?.svg).toContain('>2.00<');
    expect(picture?.svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  });

  it('draws nothing without figures', () => {
    expect(timesPicture([])).toBeNull();
  });
});

describe(scalingPicture, () => {
  it('draws a line for each system and size', () => {
    const sweeps = sweepsOf('lstm');
    const works = new Set(sweeps.flatMap(({ works: all }) => all.map(({ name }) => name)));
    const { document } = parseHTML(scalingPicture(sweeps, [...works].map(timed))?.svg ?? '');
    expect(document.querySelectorAll('circle')).toHaveLength(2 * (6 + 7 + 8));
  });
});
