import { describe, expect, it } from 'vitest';
import { fromErrorMessage, ShapeError, toErrorMessage } from './errors.ts';

describe(fromErrorMessage, () => {
  it('gives back class, code and text of an error of ours, and the text of any other', () => {
    const error = fromErrorMessage(toErrorMessage(new ShapeError('x: expected 3, got 2; feed 3')));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toBe('x: expected 3, got 2; feed 3');
    expect(fromErrorMessage(toErrorMessage(new TypeError('no'))).message).toBe('no');
  });
});
