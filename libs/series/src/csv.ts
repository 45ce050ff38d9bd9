import { csvParseRows } from 'd3-dsv';
import type { CsvDataConfig } from '@onda/contract';
import { DataError } from '@onda/contract';
import type { DataSource } from './dataSource.ts';
import { fitScaler, scaleValues } from './scaler.ts';

/** Columns of numbers, one row per sample. */
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
 * Reads the column names in the first row of CSV text.
 *
 * @param source name of the text in errors, usually its file name
 * @throws DataError if the text is empty
 */
export function readCsvColumns(text: string, source: string): string[] {
  return parseTable(text, source).header;
}

/**
 * Reads columns of numbers from CSV text (RFC 4180, comma separated, names in the first row).
 *
 * A byte order mark, any kind of line end and trailing empty lines are accepted.
 *
 * @param columns names of the columns to read, in output order
 * @param source  name of the text in errors, usually its file name
 * @throws DataError naming row (the line number in an editor) and column, for a missing or duplicate column, a missing value, a value
 *   that is not a number, or no rows
 */
export function readSeriesCsv(text: string, columns: readonly string[], source: string): SeriesTable {
  const { names, header, records } = parseTable(text, source);
  const places = columns.map((column) => findColumn(header, column, source));
  if (records.length === 0) {
    throw new DataError(
      `${source}: expected rows of values below the column names, got none; add at least one row`,
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
      `${source}: expected column names in row 1, got an empty file; pass a CSV file with a row of names`,
    );
  }
  const [names, ...records] = table;
  return { names, header: names.map((name) => name.trim()), records };
}

const isBlank = (record: readonly string[]): boolean => record.length === 1 && record[0].trim() === '';

/** Number of lines of a record: quoted values may contain line ends. */
function linesIn(record: readonly string[]): number {
  let lines = 1;
  for (const value of record) lines += value.match(lineEnd)?.length ?? 0;
  return lines;
}

function findColumn(header: readonly string[], column: string, source: string): number {
  const place = header.indexOf(column);
  if (place < 0) {
    throw new DataError(
      `${source}: expected a column "${column}", got ${header.map((name) => `"${name}"`).join(', ')}; use one of these`,
    );
  }
  if (header.includes(column, place + 1)) {
    throw new DataError(
      `${source}: expected one column "${column}", got several; make the column names unique`,
    );
  }
  return place;
}

function parseNumber(text: string, where: string): number {
  const trimmed = text.trim();
  if (trimmed === '') {
    throw new DataError(`${where}: expected a number, got nothing; fill in the value or remove the row`);
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

/** The content of a CSV file. */
export interface CsvFile {
  /** Name of the file in errors, usually its path. */
  source: string;
  bytes: Uint8Array;
}

/**
 * A series from a CSV file. The training part is split into consecutive chunks of `samples`, repeated from the start (the last chunk
 * of a pass may be shorter); the last `holdout` samples are held out.
 *
 * @throws DataError if the file is not UTF-8, not a table of numbers, or too short
 */
export function createCsvSource(data: CsvDataConfig, lag: number, file: CsvFile): DataSource {
  const { rows, values } = readSeriesCsv(decodeUtf8(file), data.columns, file.source);
  const features = data.columns.length;
  const trainingRows = rows - data.holdout;
  if (trainingRows <= lag) {
    throw new DataError(
      `${file.source}: expected at least ${data.holdout + lag + 1} rows of values (hold-out ${data.holdout}, lag ${lag} and 1 for training), got ${rows}; add rows, or lower data.holdout or lag`,
    );
  }
  const training = values.subarray(0, trainingRows * features);
  const scaler = fitScaler(data.scaler, training, features);
  const scaled = scaleValues(training, scaler);
  const pairs = trainingRows - lag;
  const chunks = Math.ceil(pairs / data.samples);
  return {
    features,
    outputs: features,
    scaler,
    hashInput: file.bytes,
    chunk: (step) => {
      const index = step % chunks;
      const start = index * data.samples;
      const time = Math.min(data.samples, pairs - start);
      return {
        x: scaled.slice(start * features, (start + time) * features),
        y: scaled.slice((start + lag) * features, (start + lag + time) * features),
        batch: 1,
        time,
        features,
        outputs: features,
        startsSequence: index === 0,
      };
    },
    evaluation: () =>
      data.holdout === 0
        ? null
        : {
            x: values.slice(0, (rows - lag) * features),
            y: values.slice(lag * features),
            batch: 1,
            time: rows - lag,
            features,
            outputs: features,
            from: rows - lag - data.holdout,
          },
  };
}

function decodeUtf8({ source, bytes }: CsvFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataError(`${source}: expected UTF-8 text, got other bytes; save the file as UTF-8`, { cause });
  }
}
