import { DataError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import type { RowFile } from './rowFile.ts';
import { parseRowFile, rowFileText } from './rowFile.ts';

const row = {
  work: 'rnn-32-1-20',
  system: 'onda-native',
  unit: 'ms',
  median: 0.2,
  min: 0.1,
  max: 0.4,
  runs: 7,
};
const file: RowFile = {
  bench: 'training',
  machine: {
    cpu: 'made up',
    cores: 2,
    memoryGiB: 4,
    os: 'Linux 6',
    node: '20.20.2',
    date: '2026-11-24',
  },
  rows: [row],
};
const advice = '; expected a file that npm run bench -- NAME --json FILE wrote';

describe(rowFileText, () => {
  it('writes what is read back', () => {
    expect(parseRowFile(JSON.parse(rowFileText(file)), 'test')).toEqual(file);
  });

  it('has the keys that are relied on, and no others', () => {
    const written = JSON.parse(rowFileText(file)) as RowFile;
    expect(Object.keys(written)).toEqual(['bench', 'machine', 'rows']);
    expect(Object.keys(written.rows[0])).toEqual(['work', 'system', 'unit', 'median', 'min', 'max', 'runs']);
  });

  it('keeps six digits', () => {
    const text = rowFileText({ ...file, rows: [{ ...row, max: 0.123456789, min: 0.01, median: 0.1 }] });
    expect((JSON.parse(text) as RowFile).rows[0].max).toBe(0.123457);
  });
});

describe(parseRowFile, () => {
  it.each([
    [{ ...file, rows: [{ ...row, median: 5 }] }, 'x: rows.0: expected min <= median <= max'],
    [{ ...file, rows: [{ ...row, runs: 0 }] }, 'x: rows.0.runs: Too small: expected number to be >0'],
    [{ ...file, more: 1 }, 'x: Unrecognized key: "more"'],
  ])('refuses %#', (value, message) => {
    expect(() => parseRowFile(value, 'x')).toThrow(new DataError(message + advice));
  });

  it('refuses the same work and system twice', () => {
    expect(() => parseRowFile({ ...file, rows: [row, row] }, 'x')).toThrow(
      new DataError(
        'x: expected one row for work rnn-32-1-20 and system onda-native, got two; measure again',
      ),
    );
  });
});
