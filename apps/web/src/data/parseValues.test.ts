import { describe, expect, it } from 'vitest';
import { DataError } from '@onda/contract';
import { parseValues } from './parseValues.ts';

describe(parseValues, () => {
  it.each([
    ['a number a line', '1\n2.5\n-3e-1\n', [1, 2.5, -0.3]],
    ['a line of numbers with commas', '1, 2.5, -0.3', [1, 2.5, -0.3]],
    ['a line of numbers with spaces', ' 1 2.5  -0.3 ', [1, 2.5, -0.3]],
    ['Windows line ends and empty lines', '1\r\n\r\n2.5\r\n-0.3\r\n', [1, 2.5, -0.3]],
    ['a head line', 'value\n1\n2.5\n-0.3', [1, 2.5, -0.3]],
  ])('reads %s', (_, text, values) => {
    expect(parseValues(text, 1).values).toEqual(Float32Array.from(values));
  });

  it('reads several columns row by row, and takes their names from the head line', () => {
    expect(parseValues('a;b\n1;2\n3;4', 2)).toEqual({
      names: ['a', 'b'],
      values: Float32Array.of(1, 2, 3, 4),
    });
  });

  it("takes the model's columns out of a wider file, by name", () => {
    const text = 'YEAR,"SUNACTIVITY"\n1700,5\n1701,11\n';
    expect(parseValues(text, 1, ['SUNACTIVITY'])).toEqual({
      names: ['SUNACTIVITY'],
      values: Float32Array.of(5, 11),
    });
  });

  it.each([
    ['nothing', ' \n', 1, 'values: expected numbers, got nothing; paste one row a sample'],
    ['text', '1\ntwo\n3', 1, 'values: line 2: expected a number, got "two"; correct it or remove the line'],
    ['a hole', '1,2\n3,\n5,6', 2, 'values: line 2: expected a number, got ""; correct it or remove the line'],
    [
      'a short row',
      '1,2\n3\n',
      2,
      'values: line 2: expected 2 columns, got 1; fill the gap or remove the line',
    ],
    [
      'an infinity',
      '1\nInfinity',
      1,
      'values: line 2: expected a number, got "Infinity"; correct it or remove the line',
    ],
    [
      'too many columns',
      '1,2\n3,4',
      1,
      'values: line 1: expected 1 column, got 2; leave only the columns that the model was trained on',
    ],
  ])('rejects %s', (_, text, features, message) => {
    expect(() => parseValues(text, features)).toThrow(new DataError(message));
  });

  it('rejects too few rows and accepts the minimum', () => {
    expect(() => parseValues('1\n2', 1, [], 3)).toThrow(
      new DataError('values: expected at least 3 rows, got 2; add more rows'),
    );
    expect(parseValues('1\n2\n3', 1, [], 3).values).toHaveLength(3);
  });
});
