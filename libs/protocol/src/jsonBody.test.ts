import { describe, expect, it } from 'vitest';
import { describeValue, MAX_JSON_ARRAYS, MAX_JSON_DEPTH, MAX_JSON_NAMES, parseJsonBody } from './jsonBody.ts';

function parse(text: string): unknown {
  return parseJsonBody(new TextEncoder().encode(text));
}

describe(parseJsonBody, () => {
  it('parses an object', () => {
    expect(parse('{"a":[1,"\\"]"]}')).toEqual({ a: [1, '"]'] });
  });

  it('refuses an empty body and text that is not JSON', () => {
    expect(() => parse('')).toThrow('the body is empty; send a JSON object');
    expect(() => parse('{"a":')).toThrow('the body is not JSON in UTF-8; send a JSON object');
    expect(() => parse('{"a":NaN}')).toThrow('the body is not JSON in UTF-8; send a JSON object');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseJsonBody(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))).toThrow(
      'the body is not JSON in UTF-8; send a JSON object',
    );
  });

  it('refuses JSON that is too deep, however the brackets are written', () => {
    const deep = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(() => parse(deep(MAX_JSON_DEPTH - 1))).not.toThrow();
    expect(() => parse(deep(MAX_JSON_DEPTH))).toThrow(
      'the body: expected JSON of at most 12 levels, got more; send the data flat',
    );
    expect(() => parse('['.repeat(1_000_000))).toThrow('expected JSON of at most 12 levels');
  });

  it('refuses JSON of too many names or objects before it is parsed', () => {
    const named = (names: number): string =>
      `{"p":{${Array.from({ length: names }, (_, index) => `"a${index}":1`).join()}}}`;
    expect(parse(named(MAX_JSON_NAMES - 3))).toHaveProperty('p.a0', 1);
    const error =
      'the body: expected JSON of at most 10000 objects and names, got more; send values as arrays';
    expect(() => parse(named(MAX_JSON_NAMES - 2))).toThrow(error);
    expect(() => parse(`{"inputs":[${'{},'.repeat(MAX_JSON_NAMES)}{}]}`)).toThrow(error);
    // Not JSON behind them: it was not parsed.
    expect(() => parse(`{${'"":1,'.repeat(MAX_JSON_NAMES + 1)}`)).toThrow(error);
  });

  it('refuses JSON of too many arrays before it is parsed', () => {
    expect(() => parse(`{"a":[${'[],'.repeat(MAX_JSON_ARRAYS)}`)).toThrow(
      'the body: expected JSON of at most 400000 arrays, got more; send the data flat',
    );
    expect(parse(`{"a":[${'[],'.repeat(MAX_JSON_ARRAYS - 2)}[]]}`)).toHaveProperty('a');
  });

  it('does not count names inside strings', () => {
    expect(parse(`{"a":"${'\\"b\\":{'.repeat(MAX_JSON_NAMES)}"}`)).toHaveProperty('a');
  });

  it('takes many brackets that are not within one another', () => {
    expect(parse(`{"a":[${Array.from({ length: 50 }, () => '[1],{}').join()}]}`)).toHaveProperty('a');
  });

  it('does not count brackets inside strings', () => {
    expect(() => parse(`{"a":"${'['.repeat(100)}\\"${'{'.repeat(100)}"}`)).not.toThrow();
  });

  it('does not change what objects are by a key called __proto__', () => {
    parse('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe(describeValue, () => {
  it('stays short whatever came', () => {
    expect(describeValue('a'.repeat(1000))).toHaveLength(40);
    expect(describeValue([1, 2])).toBe('an array of 2');
    expect(describeValue(Infinity)).toBe('Infinity');
  });
});
