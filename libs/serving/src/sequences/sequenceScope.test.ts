import type { InferRequest } from '@onda/protocol';
import { describe, expect, it } from 'vitest';
import { scopedRequest } from './sequenceScope.ts';

const control = (id: string): NonNullable<InferRequest['sequence']> => ({
  id,
  start: false,
  end: false,
  step: 1,
});
const request = { sequence: control('7'), rows: [control('8'), control('9')] } as unknown as InferRequest;

describe(scopedRequest, () => {
  it('makes the sequences of a client its own, one or one a row', () => {
    expect(scopedRequest('ann', request)).toEqual({
      sequence: { ...control('ann/7'), ownId: '7' },
      rows: [
        { ...control('ann/8'), ownId: '8' },
        { ...control('ann/9'), ownId: '9' },
      ],
    });
    expect(scopedRequest(undefined, request)).toBe(request);
  });
});
