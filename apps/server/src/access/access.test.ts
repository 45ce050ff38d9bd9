import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { Access } from './access.ts';
import { AccessError } from './accessError.ts';

describe(Access, () => {
  it('limits the rate of requests without authentication by address', () => {
    const access = new Access(undefined);
    const admit = (address: string, count: number): void => {
      for (let left = count; left > 0; left--) access.admitProbe(address);
    };
    admit('10.0.0.1', limits.probesPerSecond);
    // A few are admitted again while the test runs.
    expect(() => {
      admit('10.0.0.1', limits.probesPerSecond);
    }).toThrow(AccessError);
    admit('10.0.0.2', limits.probesPerSecond);
  });
});
