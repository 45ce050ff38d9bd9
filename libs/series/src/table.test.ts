import { readFileSync } from 'node:fs';
import { DataError } from '@onda/contract';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import type { TableOptions } from './parsedColumns.ts';
import { readTable } from './table.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (text: string, options: Partial<TableOptions> = {}) =>
  readTable(bytes(text), { source: 's.csv', ...options });
const fixture = (name: string) =>
  readTable(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)), { source: name });

describe(readTable, () => {
  it('reads columns by name', async () => {
    const table = await read('a,b,c\n1,2,3\n4,5,6\n');
    expect(table.columns).toEqual(['a', 'b', 'c']);
    expect([table.rows, table.column('c'), table.notes]).toEqual([2, ['3', '6'], []]);
  });

  it('accepts a byte order mark, any line end, quotes and empty lines at the end', async () => {
    const table = await read('\uFEFFa, b \r\n"1.5","x, ""y"""\r\n-2e-1,y\r\n\r\n\n');
    expect([table.columns, table.column('a'), table.column('b')]).toEqual([
      ['a', 'b'],
      ['1.5', '-2e-1'],
      ['x, "y"', 'y'],
    ]);
    expect((await read('a\n1')).column('a')).toEqual(['1']);
    expect((await read('a\r1\r2')).column('a')).toEqual(['1', '2']);
  });

  it.each([
    ['nottem-tab.csv', ['delimiter tab']],
    ['nottem-eu.csv', ['delimiter semicolon', 'decimal comma']],
    ['nottem-u16.csv', ['encoding UTF-16LE']],
    ['nottem-bom.csv', []],
    ['nottem-quoted.csv', []],
    ['nottem-nohdr.csv', ['no column names in line 1: the columns are named column1, column2']],
  ])('detects the form of %s and says it', async (name, notes) => {
    const table = await fixture(name);
    expect([table.rows, table.notes]).toEqual([240, notes]);
    expect(table.columns).toHaveLength(2);
  });

  it('reads UTF-16 of either byte order', async () => {
    const text = '\uFEFFa\n1\n';
    const big = Uint8Array.from({ length: 2 * text.length }, (_, index) =>
      index % 2 === 0 ? text.charCodeAt(index / 2) >> 8 : text.charCodeAt((index - 1) / 2) & 255,
    );
    const table = await readTable(big, { source: 's.csv' });
    expect([table.column('a'), table.notes]).toEqual([['1'], ['encoding UTF-16BE']]);
  });

  it.each([
    ['a comma in quotes', 'a;b\n"1,5";"x;y"\n2,5;z\n', ['1,5', '2,5'], ','],
    ['one column of decimal commas', 'a\n1,5\n2,5\n3\n', ['1,5', '2,5', '3'], ','],
    ['points beside dates', 'a;b\n1.5;31.12.2010\n2.5;01.01.2011\n', ['1.5', '2.5'], '.'],
    ['numbers without a fraction', 'a|b\n1|2\n', ['1'], '.'],
  ])('distinguishes delimiter and decimal separator: %s', async (_what, text, column, decimal) => {
    const table = await read(text);
    expect([table.column('a'), table.decimal]).toEqual([column, decimal]);
  });

  it('takes separators and names as given', async () => {
    const table = await read('1,2;3,4', { delimiter: ';', decimal: ',', header: false });
    expect([table.columns, table.column('column2')]).toEqual([['column1', 'column2'], ['3,4']]);
    expect((await read('1990,1991\n5,6\n', { header: true })).columns).toEqual(['1990', '1991']);
  });

  it('names a column without a name', async () => {
    expect((await read(',b\nx,2\n')).columns).toEqual(['column1', 'b']);
  });

  it('counts lines as an editor does, also below quoted line ends', async () => {
    const table = await read('"n\no","a"\r\n"x\r\ny",1\r\nz,2\r\nw,3\r\n');
    expect([0, 1, 2].map((row) => table.lineOf(row))).toEqual([3, 5, 6]);
    expect(table.place(1)).toBe('line 5');
  });

  it('reads more than one piece of the parser', async () => {
    const rows = 150_000;
    const table = await read(`a,b\n${Array.from({ length: rows }, (_, i) => `${i},"x,${i}"`).join('\n')}`);
    expect([table.rows, table.column('a')[rows - 1], table.column('b')[99_999]]).toEqual([
      rows,
      String(rows - 1),
      'x,99999',
    ]);
  });

  it('reads JSON lines and an array of objects', async () => {
    const lines = await read('{"t":"2010-01","v":1}\n\n{"v":2.5,"w":null}\n');
    expect([lines.columns, lines.column('v'), lines.column('t')]).toEqual([
      ['t', 'v', 'w'],
      [1, 2.5],
      ['2010-01', null],
    ]);
    expect([lines.lineOf(1), lines.notes]).toEqual([3, ['format JSON lines']]);
    expect((await read('[{"v":1},{"v":2}]')).column('v')).toEqual([1, 2]);
  });

  it('reads Parquet', async () => {
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: 'time', data: [new Date(0), new Date(3_600_000)], type: 'TIMESTAMP' },
        { name: 'v', data: [1.5, null], type: 'DOUBLE' },
        { name: 'n', data: [7n, 8n], type: 'INT64' },
      ],
    });
    const table = await readTable(Buffer.concat([Buffer.from('xx'), new Uint8Array(buffer)]).subarray(2), {
      source: 's.parquet',
    });
    expect([table.column('time'), table.column('v'), table.column('n')]).toEqual([
      ['1970-01-01T00:00:00.000Z', '1970-01-01T01:00:00.000Z'],
      [1.5, null],
      [7, 8],
    ]);
    expect(table.place(1)).toBe('row 2');
  });

  it.each([
    [
      'an empty file',
      '\n',
      's.csv: expected column names in line 1, got an empty file; pass a file with a line of names',
    ],
    [
      'no rows',
      'a,b\n',
      's.csv: expected rows of values below the column names, got none; add at least one row',
    ],
    [
      'a row with more values',
      'a,b\n1,2\n3,4,5\n',
      's.csv: line 3: expected 2 values separated by a comma, as in line 1, got 3; correct the line, quote values that contain the separator, or set data.delimiter',
    ],
    [
      'a quote without an end',
      'a,b\n1,2\n3,"4\n5,6\n',
      's.csv: line 3: expected a closing quote at the end of a quoted value, got none; correct the quotes',
    ],
    [
      'broken JSON',
      '{"a":1}\n{"a":\n',
      /^s\.csv: line 2: expected a JSON object, got "\{\\"a\\":": ".*"; correct the line$/,
    ],
    [
      'a JSON line without an object',
      '{"a":1}\n[2]\n',
      's.csv: line 2: expected a JSON object with the values of a row, got "[2]"; write one object per row',
    ],
    [
      'an Excel workbook',
      'PK\u0003\u0004...',
      's.csv: expected CSV, JSON lines or Parquet, got an Excel workbook or a ZIP archive; save the sheet as CSV, or unpack the archive',
    ],
  ])('refuses %s', async (_what, text, message) => {
    await expect(read(text)).rejects.toThrow(typeof message === 'string' ? new DataError(message) : message);
  });

  it('refuses text of another encoding, and names its line', async () => {
    const latin = Uint8Array.of(...bytes('a\n1\nM'), 0xfc, ...bytes('n\n'));
    await expect(readTable(latin, { source: 's.csv' })).rejects.toThrow(
      new DataError(
        's.csv: line 3: expected UTF-8 text, or UTF-16 with a byte order mark, got other bytes; save the file as UTF-8 (in Excel: "CSV UTF-8")',
      ),
    );
  });

  it('refuses a damaged Parquet file and options of other formats', async () => {
    await expect(read('PAR1abc')).rejects.toThrow(
      /^s\.csv: cannot be read as Parquet: .*; write the file with plain columns/,
    );
    await expect(read('{"a":1}', { delimiter: ';' })).rejects.toThrow(
      new DataError('s.csv: expected no delimiter for a JSON lines file, got ";"; remove it'),
    );
  });

  it('finds an unfinished quote in linear time', async () => {
    const text = `a,b\n1,"${'x'.repeat(1 << 24)}`;
    await expect(read(text)).rejects.toThrow('s.csv: line 2: expected a closing quote');
  });

  it('suggests the nearest column, and refuses one that is there twice', async () => {
    const table = await read('time,temperature,b,b\n1,2,3,4\n');
    expect(() => table.column('temperatur')).toThrow(
      new DataError(
        's.csv: expected a column "temperatur", got "time", "temperature", "b", "b"; did you mean "temperature"?',
      ),
    );
    expect(() => table.column('b')).toThrow(
      new DataError('s.csv: expected one column "b", got several; make the column names unique'),
    );
    expect(() => table.column('zzz')).toThrow('got "time", "temperature", "b", "b"; use one of these');
  });

  it('says that names are missing', async () => {
    const table = await fixture('nottem-nohdr.csv');
    expect(() => table.column('nottem')).toThrow(
      'nottem-nohdr.csv: expected a column "nottem", got "column1", "column2" because line 1 has values instead of names; use one of these',
    );
  });

  it('cuts long values in messages', async () => {
    await expect(read(`{"a":1}\n${'x'.repeat(10_000)}\n`)).rejects.toThrow(/^.{0,300}$/);
  });
});
