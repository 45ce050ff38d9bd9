import { ConfigError, ShapeError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { readHeaderLength } from './binaryBody.ts';
import { errorBody, ProtocolError, statusOf } from './protocolError.ts';

describe(statusOf, () => {
  it('knows the errors that a request can bring about', () => {
    expect(statusOf(new ProtocolError('not-found', 'x'))).toBe(404);
    expect(statusOf(new ShapeError('x'))).toBe(400);
  });

  it('does not know defects, or errors that no request can bring about', () => {
    expect(statusOf(new TypeError('x'))).toBeUndefined();
    expect(statusOf(new ConfigError('x'))).toBeUndefined();
  });
});

describe(errorBody, () => {
  it('is the body of the protocol', () => {
    expect(JSON.parse(errorBody('input "x"'))).toEqual({ error: 'input "x"' });
  });
});

describe(readHeaderLength, () => {
  it('reads a number of bytes', () => {
    expect(readHeaderLength('12')).toBe(12);
    expect(readHeaderLength(undefined)).toBeUndefined();
  });

  it('refuses anything else', () => {
    for (const value of ['-1', '1.5', '', '0x10', '9'.repeat(20)]) {
      expect(() => readHeaderLength(value)).toThrow(
        `Inference-Header-Content-Length: expected a number of bytes, got "${value}"; correct it`,
      );
    }
  });
});
