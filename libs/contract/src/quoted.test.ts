import { describe, expect, it } from 'vitest';
import { DataError, fromErrorMessage } from './errors.ts';
import { jsonText, quoted } from './quoted.ts';

describe(quoted, () => {
  it('cuts a text that is longer than a name', () => {
    expect(quoted('x"\n')).toBe(String.raw`"x\"\n"`);
    expect(quoted('a'.repeat(128))).toBe(`"${'a'.repeat(128)}"`);
    expect(quoted('a'.repeat(1e6))).toBe(`"${'a'.repeat(128)}..."`);
  });
});

describe(jsonText, () => {
  it('shows any value', () => {
    expect(jsonText({ a: [1, null] })).toBe('{"a":[1,null]}');
    expect(jsonText(undefined)).toBe('nothing');
    expect(jsonText(Array.from({ length: 1000 }, () => 0)).length).toBeLessThan(140);
  });
});

describe(DataError, () => {
  it('keeps the start and the end of a message that is too long', () => {
    const message = `x: expected 1, got ${'a'.repeat(1e6)}; ${'send 1 '.repeat(10)}`;
    for (const error of [new DataError(message), fromErrorMessage({ code: 'data', message })]) {
      expect(error.message).toHaveLength(2000);
      expect(error.message).toMatch(/^x: expected 1, got a+ \.\.\. a+; (send 1 )+$/);
    }
  });
});
