import { describe, expect, it } from 'vitest';
import type { AccessError } from './accessError.ts';
import { ClientLimits } from './clientLimits.ts';

function refusal(enter: () => unknown): AccessError | undefined {
  try {
    enter();
    return undefined;
  } catch (error) {
    return error as AccessError;
  }
}

describe(ClientLimits, () => {
  it('lets a client send its rate, a second of it at once, and tells when to come back', () => {
    let now = 0;
    const limits = new ClientLimits({ rate: 4, concurrent: undefined }, () => now);
    const enter = (client: string) => refusal(() => limits.enter(client));
    expect([1, 2, 3, 4].map(() => enter('a'))).toEqual([undefined, undefined, undefined, undefined]);
    expect(enter('a')).toMatchObject({
      status: 429,
      message: 'this client may send 4 requests a second, and sent more; wait 0.25 seconds',
      headers: { 'retry-after': '1' },
    });
    expect(enter('b')).toBeUndefined();
    now = 250;
    expect(enter('a')).toBeUndefined();
    expect(enter('a')).toBeDefined();
  });

  it('counts what is under way', () => {
    const limits = new ClientLimits({ rate: undefined, concurrent: 2 });
    limits.enter('a');
    const leave = limits.enter('a');
    expect(refusal(() => limits.enter('a'))).toMatchObject({
      status: 429,
      message: '2 requests of this client are under way already, as many as it may have; wait for an answer',
    });
    leave();
    expect(refusal(() => limits.enter('a'))).toBeUndefined();
  });

  it('holds back messages of a stream', () => {
    let now = 0;
    const limits = new ClientLimits({ rate: 2, concurrent: undefined }, () => now);
    expect([1, 2, 3, 4].map(() => limits.delayMs('a'))).toEqual([0, 0, 500, 1000]);
    now = 2000;
    expect(limits.delayMs('a')).toBe(0);
  });
});
