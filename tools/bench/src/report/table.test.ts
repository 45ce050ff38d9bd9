import { describe, expect, it } from 'vitest';
import { markdownTable, textTable } from './table.ts';

const table = {
  title: 'Times',
  head: ['work', 'ratio'],
  rows: [
    ['a', '0.5'],
    ['long', '12.25'],
  ],
};

describe(textTable, () => {
  it('lines up columns, numbers to the right', () => {
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
