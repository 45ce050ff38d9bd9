import { DataError } from '@onda/contract';

/** Rows of numbers and the names of the columns. */
export interface Values {
  names: string[];
  /** Row-major [time, features]. */
  values: Float32Array;
}

/**
 * Reads pasted numbers or a CSV file: one row per sample, columns separated by comma, semicolon, tab or spaces, with an optional
 * header line. A single line of numbers is a series of one feature.
 *
 * @param columns  names of the columns to take if the head line has them all
 * @param features how many columns are needed
 * @param least    how many rows are needed
 * @throws DataError naming the line, what was expected and what came
 */
export function parseValues(
  text: string,
  features: number,
  columns: readonly string[] = [],
  least = 1,
): Values {
  const lines = text
    .split(/\r?\n/)
    .map((line, index) => ({ number: index + 1, cells: split(line) }))
    .filter(({ cells }) => cells.length > 0);
  if (lines.length === 0)
    throw new DataError('values: expected numbers, got nothing; paste one row a sample');

  const head = lines[0].cells.every((cell) => Number.isNaN(Number(cell))) ? lines.shift() : undefined;
  const [only] = lines;
  const oneLine = features === 1 && head === undefined && lines.length === 1;
  const places = oneLine ? [0] : columnPlaces(head?.cells ?? [], lines, features, columns);
  const values = oneLine
    ? only.cells.map((cell) => toNumber(cell, only.number))
    : lines.flatMap(({ number, cells }) =>
        places.map((place) => toNumber(cellAt(cells, place, number), number)),
      );
  const rows = values.length / features;
  if (rows < least) {
    throw new DataError(`values: expected at least ${least} rows, got ${rows}; add more rows`);
  }
  return {
    names: places.map((place) => head?.cells[place] ?? (features === 1 ? 'value' : `value ${place + 1}`)),
    values: Float32Array.from(values),
  };
}

function cellAt(cells: readonly string[], place: number, line: number): string {
  if (place < cells.length) return cells[place];
  throw new DataError(
    `values: line ${line}: expected ${place + 1} columns, got ${cells.length}; fill the gap or remove the line`,
  );
}

function split(line: string): string[] {
  const trimmed = line.trim();
  if (trimmed === '') return [];
  const cells = /[,;\t]/.test(trimmed) ? trimmed.split(/[,;\t]/) : trimmed.split(/\s+/);
  return cells.map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

function columnPlaces(
  head: readonly string[],
  lines: readonly { number: number; cells: string[] }[],
  features: number,
  columns: readonly string[],
): number[] {
  const named = columns.map((column) => head.indexOf(column));
  if (named.length === features && named.every((place) => place >= 0)) return named;
  const width = lines[0]?.cells.length ?? 0;
  if (width === features) return Array.from({ length: features }, (_, place) => place);
  throw new DataError(
    `values: line ${lines[0]?.number ?? 1}: expected ${features} ${features === 1 ? 'column' : 'columns'}, got ${width}; leave only the columns that the model was trained on`,
  );
}

function toNumber(cell: string, line: number): number {
  const value = cell === '' ? NaN : Number(cell);
  if (Number.isFinite(value)) return value;
  throw new DataError(
    `values: line ${line}: expected a number, got "${cell}"; correct it or remove the line`,
  );
}
