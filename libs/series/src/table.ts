import { DataError, nearest, quoted } from '@onda/contract';
import { parseDelimited } from './delimited.ts';
import type { Cell, ParsedColumns, TableOptions } from './parsedColumns.ts';

/** The content of a data file by columns. */
export interface Table {
  /** Name of the file in errors, usually its path. */
  readonly source: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Decimal separator of numbers written as text. */
  readonly decimal: '.' | ',';
  /** What was detected about the file, one sentence each. */
  readonly notes: readonly string[];
  /** @throws DataError naming the nearest column if there is none of that name, or several */
  column(name: string): readonly Cell[];
  /** Where a row is in the file: the line in an editor, counted from 1, or the row of a Parquet file. */
  lineOf(row: number): number;
  /** The text of `lineOf`: `line 5` or `row 5`. */
  place(row: number): string;
}

/** The largest text that V8 can hold in one string, in characters. */
const longestText = 2 ** 29 - 25;

/**
 * Reads a table from a CSV file (any common delimiter), JSON lines, a JSON array of objects, or Parquet. Text is UTF-8, or UTF-16
 * with a byte order mark. Time and memory are linear in the size of the file.
 *
 * @throws DataError naming the file and the line for anything else
 */
export async function readTable(bytes: Uint8Array, options: TableOptions): Promise<Table> {
  const { source } = options;
  const format = options.format ?? detectFormat(bytes, source);
  if (format !== 'csv') {
    const given = (['delimiter', 'decimal', 'header'] as const).find((key) => options[key] !== undefined);
    if (given !== undefined) {
      throw new DataError(
        `${source}: expected no ${given} for a ${formatNames[format]} file, got ${JSON.stringify(options[given])}; remove it`,
      );
    }
  }
  if (format === 'parquet') {
    const { parseParquet } = await import('./parquet.ts');
    return createTable(source, await parseParquet(bytes, source), 'row');
  }
  const { text, notes } = decodeText(bytes, source);
  const parsed = format === 'csv' ? parseDelimited(text, options) : parseJson(text, source);
  return createTable(source, { ...parsed, notes: [...notes, ...parsed.notes] }, 'line');
}

const formatNames = { csv: 'CSV', 'json-lines': 'JSON lines', parquet: 'Parquet' };

function detectFormat(bytes: Uint8Array, source: string): 'csv' | 'json-lines' | 'parquet' {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  if (start === 'PAR1') return 'parquet';
  if (start === 'PK\u0003\u0004' || start === '\u00d0\u00cf\u0011\u00e0') {
    throw new DataError(
      `${source}: expected CSV, JSON lines or Parquet, got an Excel workbook or a ZIP archive; save the sheet as CSV, or unpack the archive`,
    );
  }
  if (start.startsWith('\u001f\u008b')) {
    throw new DataError(
      `${source}: expected CSV, JSON lines or Parquet, got gzip data; decompress the file first`,
    );
  }
  const first = String.fromCharCode(...bytes.subarray(0, 256))
    .replace(/^(\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)/, '')
    .replaceAll('\0', '')
    .trimStart();
  return /^(\{|\[\s*\{)/.test(first) ? 'json-lines' : 'csv';
}

/** Decodes text by its byte order mark; without one it is UTF-8. */
function decodeText(bytes: Uint8Array, source: string): { text: string; notes: string[] } {
  if (bytes.length > longestText) {
    throw new DataError(
      `${source}: expected at most ${longestText} bytes of text, got ${bytes.length}; split the file, or write it as Parquet`,
    );
  }
  const wide =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : null;
  const encoding = wide ?? 'utf-8';
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return { text, notes: wide === null ? [] : [`encoding ${encoding.toUpperCase()}`] };
  } catch (cause) {
    const text = new TextDecoder(encoding).decode(bytes);
    const line = countLines(text.slice(0, text.indexOf('\ufffd')));
    throw new DataError(
      `${source}: line ${line}: expected UTF-8 text, or UTF-16 with a byte order mark, got other bytes; save the file as UTF-8 (in Excel: "CSV UTF-8")`,
      { cause },
    );
  }
}

const countLines = (text: string): number => 1 + (text.match(/\r\n|\n|\r/g)?.length ?? 0);

/** Parses JSON lines (one object per line), or one JSON array of objects. */
function parseJson(text: string, source: string): ParsedColumns {
  const objects: Record<string, unknown>[] = [];
  const lines: number[] = [];
  const add = (value: unknown, line: number): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new DataError(
        `${source}: line ${line}: expected a JSON object with the values of a row, got ${quote(JSON.stringify(value))}; write one object per row`,
      );
    }
    objects.push(value as Record<string, unknown>);
    lines.push(line);
  };
  if (text.trimStart().startsWith('[')) {
    const values = parseJsonText(text, source, 1);
    if (Array.isArray(values)) for (const [index, value] of values.entries()) add(value, index + 1);
  } else {
    for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
      if (line.trim() !== '') add(parseJsonText(line, source, index + 1), index + 1);
    }
  }
  const columns: string[] = [];
  const places = new Map<string, number>();
  const values: Cell[][] = [];
  for (const [row, object] of objects.entries()) {
    for (const [name, value] of Object.entries(object)) {
      let place = places.get(name);
      if (place === undefined) {
        place = columns.push(name) - 1;
        places.set(name, place);
        values.push(new Array<Cell>(objects.length).fill(null));
      }
      values[place][row] =
        value === null || typeof value === 'number' || typeof value === 'string'
          ? value
          : JSON.stringify(value);
    }
  }
  return { columns, values, decimal: '.', notes: ['format JSON lines'], lineOf: (row) => lines[row] };
}

function parseJsonText(text: string, source: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(
      `${source}: line ${line}: expected a JSON object, got ${quote(text)}: ${quote((cause as Error).message)}; correct the line`,
      { cause },
    );
  }
}

function createTable(source: string, parsed: ParsedColumns, unit: 'line' | 'row'): Table {
  const { columns, values, decimal, notes, lineOf } = parsed;
  const rows = values.length === 0 ? 0 : values[0].length;
  if (rows === 0) {
    throw new DataError(
      `${source}: expected rows of values${unit === 'line' ? ' below the column names' : ''}, got none; add at least one row`,
    );
  }
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [place, name] of columns.entries()) {
    if (places.has(name)) repeated.add(name);
    else places.set(name, place);
  }
  return {
    source,
    columns,
    rows,
    decimal,
    notes,
    column: (name) => {
      const place = places.get(name);
      if (place === undefined) throw unknownColumn(parsed, name, source);
      if (!repeated.has(name)) return values[place];
      throw new DataError(
        `${source}: expected one column ${quote(name)}, got several; make the column names unique`,
      );
    },
    lineOf,
    place: (row) => `${unit} ${lineOf(row)}`,
  };
}

/** Column names listed in an error. */
const mostNames = 20;

function unknownColumn({ columns, unnamed }: ParsedColumns, name: string, source: string): DataError {
  const known = columns.slice(0, mostNames).map((column) => quote(column));
  const more = columns.length > mostNames ? ` and ${columns.length - mostNames} more` : '';
  const near = unnamed === true ? undefined : nearest(name, columns);
  const none = unnamed === true ? ' because line 1 has values instead of names' : '';
  return new DataError(
    `${source}: expected a column ${quote(name)}, got ${known.join(', ')}${more}${none}; ${near === undefined ? 'use one of these' : `did you mean ${quote(near)}?`}`,
  );
}

/** Characters of a value shown in an error. */
const mostShown = 60;

/** Quotes a value for an error; long ones are cut. */
export function quote(value: unknown): string {
  return quoted(String(value), mostShown);
}
