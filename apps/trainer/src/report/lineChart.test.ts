import { describe, expect, it } from 'vitest';
import { lineChart } from './lineChart.ts';

describe(lineChart, () => {
  it('draws a path for every line in its colour', () => {
    const svg = lineChart(
      [
        { name: 'a', colour: '#d64545', y: [0, 1, 2] },
        { name: 'b', colour: '#2b6cb0', y: [2, 1, 0], dashed: true },
      ],
      { xLabel: 'sample', yLabel: 'value' },
    );
    expect(svg).toMatch(/^<svg/);
    for (const colour of ['#d64545', '#2b6cb0']) expect(svg).toContain(`stroke="${colour}"`);
    expect(svg).toContain('sample');
    expect(svg).not.toContain('NaN');
  });
});
