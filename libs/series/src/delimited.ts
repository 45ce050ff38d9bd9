import { DataError } from '@onda/contract';
import Papa from 'papaparse';
import type { ParsedColumns, TableOptions } from './parsedColumns.ts';

const delimiterNames: Readonly<Record<string, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'vertical bar',
};

/** Lines that the detection looks at. */
const sampleLines = 200;

/** Characters per piece: the parser's objects of a piece are freed before the next one. */
const pieceSize = 1 << 20;

/** Pieces that one row may span. */
const mostPieces = 8;

const decimalComma = /^[+-]?(\d+,\d*|,\d+)(e[+-]?\d+)?$/i;
const decimalPoint = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const dateLike = /^\d{4}[-/.]\d{1,2}|^\d{4}-?[QM]\d|^\d{1,2}[./]\d{1,2}[./]\d{4}/i;

/**
 * Parses delimited text (RFC 4180) by columns. Delimiter, decimal separator and column names are detected unless given. Blank lines at
 * the end are dropped.
 *
 * @throws DataError naming the line for a row with another number of values, or quotes without an end
 */
export function parseDelimited(given: string, options: TableOptions): ParsedColumns {
  const { source } = options;
  const text = withoutBlankEnd(given.replace(/^\uFEFF/, ''));
  if (text === '') {
    throw new DataError(
      `${source}: expected column names in line 1, got an empty file; pass a file with a line of names`,
    );
  }
  const { delimiter, decimal } = detectSeparators(text, options);
  const values: string[][] = [];
  const breaks: LineBreaks = new LineBreaks(text.includes('"'));
  let columns: string[] = [];
  let hasHeader = options.header;
  let rows = 0;
  let emptyPieces = 0;
  const add = (record: string[]): void => {
    if (values.length === 0) {
      hasHeader ??= !record.every((cell) => isValue(cell, decimal));
      columns = record.map((name, place) => (hasHeader && name.trim()) || `column${place + 1}`);
      for (let place = 0; place < record.length; place++) values.push([]);
      if (hasHeader) {
        breaks.header(record);
        return;
      }
    }
    if (record.length !== columns.length && !(record.length === 1 && record[0].trim() === '')) {
      throw raggedRow(source, breaks.lineOf(rows), record.length, columns.length, delimiter);
    }
    for (let place = 0; place < columns.length; place++) values[place].push(record.at(place) ?? '');
    breaks.add(record, rows++);
  };
  Papa.parse<string[]>(text, {
    delimiter,
    complete: () => undefined,
    chunkSize: pieceSize,
    chunk: ({ data, errors }: Papa.ParseResult<string[]>) => {
      const quotes = errors.find(({ type }) => type === 'Quotes');
      for (const record of quotes === undefined ? data : data.slice(0, quotes.row)) add(record);
      // The parser reads an unfinished row again with each piece: a row of many pieces is a quote without an end.
      emptyPieces = data.length === 0 ? emptyPieces + 1 : 0;
      if (quotes !== undefined || emptyPieces > mostPieces) {
        throw new DataError(
          `${source}: line ${values.length === 0 ? 1 : breaks.lineOf(rows)}: expected a closing quote at the end of a quoted value, got none; correct the quotes`,
        );
      }
    },
  });
  const notes: string[] = [];
  if (delimiter !== ',' && values.length > 1)
    notes.push(`delimiter ${delimiterNames[delimiter] ?? delimiter}`);
  if (decimal === ',') notes.push('decimal comma');
  if (!hasHeader) notes.push(`no column names in line 1: the columns are named ${columns.join(', ')}`);
  return { columns, values, decimal, notes, unnamed: !hasHeader, lineOf: (row) => breaks.lineOf(row) };
}

/** Text without blank lines at its end. A tab may be the separator of an empty last value, so it stays. */
function withoutBlankEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \r\n'.includes(text[end - 1])) end--;
  return text.slice(0, end);
}

function raggedRow(
  source: string,
  line: number,
  got: number,
  expected: number,
  delimiter: string,
): DataError {
  const name = delimiterNames[delimiter] ?? JSON.stringify(delimiter);
  return new DataError(
    `${source}: line ${line}: expected ${expected} value${expected === 1 ? '' : 's'} separated by a ${name}, as in line 1, got ${got}; correct the line, quote values that contain the separator, or set data.delimiter`,
  );
}

/** Lines of the rows: a quoted value may contain line ends. */
class LineBreaks {
  private first = 1;
  /** Rows with line ends in their values, and the number of line ends up to and including each. */
  private readonly rows: number[] = [];
  private readonly counts: number[] = [];
  private readonly quoted: boolean;

  constructor(quoted: boolean) {
    this.quoted = quoted;
  }

  header(record: readonly string[]): void {
    this.first = 2 + this.in(record);
  }

  add(record: readonly string[], row: number): void {
    const count = this.in(record);
    if (count === 0) return;
    this.counts.push((this.counts.at(-1) ?? 0) + count);
    this.rows.push(row);
  }

  lineOf(row: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle] < row) low = middle + 1;
      else high = middle;
    }
    return this.first + row + (low === 0 ? 0 : this.counts[low - 1]);
  }

  private in(record: readonly string[]): number {
    if (!this.quoted) return 0;
    let count = 0;
    for (const value of record) {
      if (value.includes('\n') || value.includes('\r')) count += value.match(/\r\n|\n|\r/g)?.length ?? 0;
    }
    return count;
  }
}

/** Whether a cell of the first line is data, not a name. */
function isValue(cell: string, decimal: string): boolean {
  const text = cell.trim();
  return (
    text !== '' &&
    ((decimal === ',' ? decimalComma : decimalPoint).test(text) ||
      decimalPoint.test(text) ||
      dateLike.test(text))
  );
}

/**
 * The delimiter is the first of tab, semicolon, vertical bar and comma that is equally often in every line, outside of quotes; the
 * comma comes last because it may be the decimal separator. Without any, the lines have one value.
 */
function detectSeparators(
  text: string,
  { delimiter, decimal }: TableOptions,
): { delimiter: string; decimal: '.' | ',' } {
  const lines = text
    .slice(0, 1 << 18)
    .replace(/"(?:[^"]|"")*"/g, (quoted) =>
      quoted.replace(/[\t;|,\r\n]/g, (mark) =>
        mark === ',' && decimalComma.test(quoted.slice(1, -1)) ? '\u0000' : ' ',
      ),
    )
    .split(/\r\n|\n|\r/, sampleLines + 1)
    .slice(0, sampleLines)
    .filter((line) => line.trim() !== '');
  const often = (mark: string): number[] => lines.map((line) => line.split(mark).length - 1);
  const steady = ['\t', ';', '|'].find((mark) => {
    const [first, ...rest] = often(mark);
    return first > 0 && rest.every((count) => count === first);
  });
  const found = delimiter ?? steady ?? (oneColumnOfCommas(lines) ? ';' : ',');
  if (decimal !== undefined) return { delimiter: found, decimal };
  if (found === ',') return { delimiter: found, decimal: '.' };
  const cells = lines.flatMap((line) =>
    line.split(found).map((cell) => cell.replaceAll('"', '').replaceAll('\u0000', ',').trim()),
  );
  const commas = cells.filter((cell) => decimalComma.test(cell)).length;
  const points = cells.filter((cell) => cell.includes('.') && decimalPoint.test(cell)).length;
  return { delimiter: found, decimal: commas > points ? ',' : '.' };
}

/** One column of numbers with decimal commas below a name. */
function oneColumnOfCommas([name, ...rest]: readonly string[]): boolean {
  return (
    rest.length > 0 &&
    !name.includes(',') &&
    rest.every((line) => decimalComma.test(line.trim()) || /^\d+$/.test(line.trim())) &&
    rest.some((line) => line.includes(','))
  );
}
