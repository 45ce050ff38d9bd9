import { DataError } from '@onda/contract';
import { csvParseRows } from 'd3-dsv';

/** Columns of numbers, one row a sample. */
export interface SeriesTable {
  columns: readonly string[];
  rows: number;
  /** Row-major, shape [rows, columns]. */
  values: Float32Array;
}

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const lineEnd = /\r\n|\n|\r/g;
const largest = 3.4028234663852886e38; // the largest float32

/**
 * The column names of CSV text: its first row.
 *
 * @param source what to call the text in an error, usually its file name
 * @throws DataError when the text is empty
 */
export function readCsvColumns(text: string, source: string): string[] {
  return parseTable(text, source).header;
}

/**
 * Reads columns of numbers from CSV text (RFC 4180, comma separated, names in the first row).
 *
 * A byte order mark, any kind of line end and empty lines at the end are taken as they come.
 *
 * @param columns names of the columns to read, in the order they are wanted
 * @param source  what to call the text in an error, usually its file name
 * @throws DataError naming row (the line as an editor counts it) and column, for a column that is not there or is there twice,
 *   a value that is missing or is not a number, or no rows at all
 */
export function readSeriesCsv(text: string, columns: readonly string[], source: string): SeriesTable {
  const { names, header, records } = parseTable(text, source);
  const places = columns.map((column) => findColumn(header, column, source));
  if (records.length === 0) {
    throw new DataError(
      `${source}: expected rows of values below the column names, got none; give at least one row`,
    );
  }
  const values = new Float32Array(records.length * columns.length);
  let at = 0;
  let line = 1 + linesIn(names);
  for (const record of records) {
    for (const [index, place] of places.entries()) {
      values[at++] = parseNumber(
        record.at(place) ?? '',
        `${source}: row ${line}, column "${columns[index]}"`,
      );
    }
    line += linesIn(record);
  }
  return { columns, rows: records.length, values };
}

function parseTable(
  text: string,
  source: string,
): { names: string[]; header: string[]; records: string[][] } {
  const table = csvParseRows(text.replace(/^\uFEFF/, ''));
  while (table.length > 0 && isBlank(table[table.length - 1])) table.pop();
  if (table.length === 0) {
    throw new DataError(
      `${source}: expected column names in row 1, got an empty file; give a CSV file with a row of names`,
    );
  }
  const [names, ...records] = table;
  return { names, header: names.map((name) => name.trim()), records };
}

const isBlank = (record: readonly string[]): boolean => record.length === 1 && record[0].trim() === '';

/** Lines that a record takes: quoted values may hold line ends. */
function linesIn(record: readonly string[]): number {
  let lines = 1;
  for (const value of record) lines += value.match(lineEnd)?.length ?? 0;
  return lines;
}

function findColumn(header: readonly string[], column: string, source: string): number {
  const place = header.indexOf(column);
  if (place < 0) {
    throw new DataError(
      `${source}: expected a column "${column}", got ${header.map((name) => `"${name}"`).join(', ')}; name one of these`,
    );
  }
  if (header.includes(column, place + 1)) {
    throw new DataError(
      `${source}: expected one column "${column}", got several; give each column a name of its own`,
    );
  }
  return place;
}

function parseNumber(text: string, where: string): number {
  const trimmed = text.trim();
  if (trimmed === '') {
    throw new DataError(`${where}: expected a number, got nothing; fill the hole or remove the row`);
  }
  if (!decimal.test(trimmed)) {
    throw new DataError(
      `${where}: expected a number such as 1.5 or 2e-3, got ${JSON.stringify(text)}; correct the value`,
    );
  }
  const value = Number(trimmed);
  if (Math.abs(value) > largest) {
    throw new DataError(
      `${where}: expected a number within float32 (+-3.4e38), got ${trimmed}; use a larger unit`,
    );
  }
  return value;
}
