import { describe, expect, it } from 'vitest';
import { frameStrip, lineChart } from './charts.ts';

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

  it('draws a band behind the lines', () => {
    const band = { colour: '#c8d9ec', x: [0, 1], low: [0, 1], high: [2, 3] };
    const svg = lineChart([{ name: 'a', colour: '#d64545', y: [1, 2] }], {
      xLabel: 's',
      yLabel: 'v',
      bands: [band],
    });
    const [area, line] = ['fill="#c8d9ec"', 'stroke="#d64545"'].map((text) => svg.indexOf(text));
    expect(area).toBeGreaterThan(0);
    expect(line).toBeGreaterThan(area);
    expect(svg).not.toContain('NaN');
  });
});

describe(frameStrip, () => {
  it('draws a square for every value, brighter for larger ones, clipped to 0 to 1', () => {
    const svg = frameStrip([{ name: 'x', frames: [0, 0.5, 1, 2, -1, 0, 0, 0] }], 2, 2);
    const fills = [...svg.matchAll(/<rect[^>]* fill="(rgb[^"]*)"/g)].map(([, fill]) => fill);
    expect(fills.slice(0, 5)).toEqual([
      'rgb(0, 0, 0)',
      'rgb(128, 128, 128)',
      'rgb(255, 255, 255)',
      'rgb(255, 255, 255)',
      'rgb(0, 0, 0)',
    ]);
    expect(fills).toHaveLength(8);
  });

  it('shows every second frame on request', () => {
    const svg = frameStrip([{ name: 'x', frames: new Float32Array(5) }], 1, 1, 2);
    expect(svg.match(/<rect/g)).toHaveLength(3);
  });
});
