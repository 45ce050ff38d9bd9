import { describe, expect, it } from 'vitest';
import type { Measurement } from './measurement.ts';
import { figure, figureRange, markdownTable, measurementTable, textTable } from './table.ts';

const table = {
  title: 'Times',
  head: ['work', 'ratio'],
  rows: [
    ['a', '0.5'],
    ['long', '12.25'],
  ],
};

describe(textTable, () => {
  it('aligns columns, numbers to the right', () => {
    expect(textTable(table)).toBe('Times\n\nwork  ratio\na       0.5\nlong  12.25');
  });
});

describe(markdownTable, () => {
  it('writes a table under its title', () => {
    expect(markdownTable(table)).toBe(
      '**Times**\n\n| work | ratio |\n| --- | ---: |\n| a | 0.5 |\n| long | 12.25 |',
    );
  });
});

describe(figure, () => {
  it.each([
    [0, '0'],
    [6.349e-8, '6.3e-8'],
    [0.06349, '0.0635'],
    [0.5, '0.500'],
    [12.345, '12.3'],
    [159.4, '159'],
    [12345.6, '12346'],
  ])('shows %d as %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });
});

describe(figureRange, () => {
  it('goes from least to greatest', () => {
    expect(figureRange(0.21, 3)).toBe('0.210 – 3.00');
  });
});

describe(measurementTable, () => {
  const measured = (subject: string, values: number[], rest: Partial<Measurement> = {}): Measurement => ({
    ...{ workload: 'rnn', metric: '', subject, unit: 'ms', values },
    ...rest,
  });
  const times = [measured('onda', [1, 2, 8]), measured('pytorch', [4, 4, 2])];

  it('has range, rounds and the ratio of the rounds to a peer', () => {
    // Ratios 0.25, 0.5 and 4.
    expect(measurementTable('Times', times, 'pytorch')).toEqual({
      title: 'Times',
      head: ['work', 'system', 'median, ms', 'min – max', 'rounds', 'ratio to pytorch'],
      rows: [
        ['rnn', 'onda', '2', '1.00 – 8.00', '3', '0.500'],
        ['rnn', 'pytorch', '4', '2.00 – 4.00', '3', '1.00'],
      ],
    });
  });

  it('has no ratio without the peer', () => {
    const { head } = measurementTable('Times', times.slice(0, 1), 'pytorch');
    expect(head).toEqual(['work', 'system', 'median, ms', 'min – max', 'rounds']);
  });

  it('has a column for each metric and for details', () => {
    const p99 = measured('onda', [5.5], { metric: '-p99' });
    expect(measurementTable('Times', [times[0], p99])).toMatchObject({
      head: ['work', 'system', 'median, ms', 'p99, ms'],
      rows: [['rnn', 'onda', '2', '5.50']],
    });
    const threads = measured('onda', [2], { metric: '-threads', unit: 'threads', detail: true });
    expect(measurementTable('Times', [times[0], threads])).toMatchObject({
      head: ['work', 'system', 'median, ms', 'min – max', 'rounds', 'threads'],
      rows: [['rnn', 'onda', '2', '1.00 – 8.00', '3', '2']],
    });
  });

  it('shows the unit in the cells where units differ', () => {
    const start = measured('onda', [0.25], { workload: 'start', unit: 's' });
    expect(measurementTable('Times', [times[0], start])).toMatchObject({
      head: ['work', 'system', 'median', 'min – max', 'rounds'],
      rows: [
        ['rnn', 'onda', '2.00 ms', '1.00 – 8.00', '3'],
        ['start', 'onda', '0.250 s', '0.250 – 0.250', '1'],
      ],
    });
  });
});
