import { describe, expect, it } from 'vitest';
import { fromErrorMessage, ShapeError, toErrorMessage } from './errors.ts';

describe(fromErrorMessage, () => {
  it('restores class, code and text of an OndaError, and the text of any other error', () => {
    const error = fromErrorMessage(toErrorMessage(new ShapeError('x: expected 3, got 2; feed 3')));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toBe('x: expected 3, got 2; feed 3');
    expect(fromErrorMessage(toErrorMessage(new TypeError('no'))).message).toBe('no');
  });
});
