import { describe, expect, it } from 'vitest';
import { DataError } from '@onda/contract';
import { readCsvColumns, readSeriesCsv } from './csv.ts';

const read = (text: string, columns = ['a']) => readSeriesCsv(text, columns, 's.csv');

describe(readSeriesCsv, () => {
  it('reads columns in the requested order', () => {
    const table = read('a,b,c\n1,2,3\n4,5,6\n', ['c', 'a']);
    expect(table).toEqual({ columns: ['c', 'a'], rows: 2, values: Float32Array.of(3, 1, 6, 4) });
  });

  it('takes a byte order mark, any line end, quotes and empty lines at the end', () => {
    expect(read('\uFEFFa,b\r\n"1.5",x\r\n-2e-1,y\r\n\r\n\n').values).toEqual(Float32Array.of(1.5, -0.2));
    expect(read('a\n1').values).toEqual(Float32Array.of(1));
    expect(read(' a , b\n .5 ,+1.\n', ['a', 'b']).values).toEqual(Float32Array.of(0.5, 1));
  });

  it.each([
    [
      'an empty file',
      '',
      's.csv: expected column names in row 1, got an empty file; pass a CSV file with a row of names',
    ],
    [
      'no rows',
      'a,b\n',
      's.csv: expected rows of values below the column names, got none; add at least one row',
    ],
    ['a missing column', 'b,c d\n1,2\n', 's.csv: expected a column "a", got "b", "c d"; use one of these'],
    [
      'a column that is there twice',
      'a,a\n1,2\n',
      's.csv: expected one column "a", got several; make the column names unique',
    ],
    [
      'a hole',
      'b,a\n1,1\n1,\n',
      's.csv: row 3, column "a": expected a number, got nothing; fill in the value or remove the row',
    ],
    [
      'a short row',
      'b,a\n1,1\n1\n',
      's.csv: row 3, column "a": expected a number, got nothing; fill in the value or remove the row',
    ],
    [
      'an empty line',
      'a\n1\n\n2\n',
      's.csv: row 3, column "a": expected a number, got nothing; fill in the value or remove the row',
    ],
    [
      'text',
      'a\n1\n2\nn/a\n',
      's.csv: row 4, column "a": expected a number such as 1.5 or 2e-3, got "n/a"; correct the value',
    ],
    [
      'a decimal comma',
      'a\n"1,5"\n',
      's.csv: row 2, column "a": expected a number such as 1.5 or 2e-3, got "1,5"; correct the value',
    ],
    [
      'infinity',
      'a\nInfinity\n',
      's.csv: row 2, column "a": expected a number such as 1.5 or 2e-3, got "Infinity"; correct the value',
    ],
    [
      'what float32 cannot hold',
      'a\n3.5e38\n',
      's.csv: row 2, column "a": expected a number within float32 (+-3.4e38), got 3.5e38; use a larger unit',
    ],
  ])('rejects %s', (_what, text, message) => {
    expect(() => read(text)).toThrow(new DataError(message));
  });

  it('counts lines like an editor, also below quoted line ends', () => {
    expect(() => read('"n\no","a"\r\n"x\r\ny",1\r\nz,oops\r\n')).toThrow('s.csv: row 5, column "a"');
  });

  it('takes the largest float32', () => {
    expect(read('a\n3.4028234663852886e38\n').values[0]).toBe(3.4028234663852886e38);
  });
});

describe(readCsvColumns, () => {
  it('gives the names in the first row', () => {
    expect(readCsvColumns('\uFEFF a ,"b, c"\r\n1,2\r\n', 's.csv')).toEqual(['a', 'b, c']);
  });

  it('rejects an empty file', () => {
    expect(() => readCsvColumns('\n', 's.csv')).toThrow(
      new DataError(
        's.csv: expected column names in row 1, got an empty file; pass a CSV file with a row of names',
      ),
    );
  });
});
