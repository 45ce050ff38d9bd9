import { describe, expect, it } from 'vitest';
import { metricValue } from './serviceSamples.ts';

const text =
  '# HELP live x\nlive{model="a",version="1"} 3\nlive{model="b",version="1"} 4\nlive_more 9\nrss 1.5e3\n';

describe(metricValue, () => {
  it('sums over labels and takes no other name', () => {
    expect(metricValue(text, 'live')).toBe(7);
    expect(metricValue(text, 'rss')).toBe(1500);
    expect(metricValue(text, 'none')).toBeNaN();
  });
});
