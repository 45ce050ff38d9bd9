import { describe, expect, it } from 'vitest';
import { restoreUtilFunctions } from './nodeShims.ts';

describe(restoreUtilFunctions, () => {
  it('puts back what tfjs-node calls', () => {
    const util: Record<string, (value: unknown) => boolean> = {};
    restoreUtilFunctions(util);
    const nullish = [null, undefined, 0, ''].map((value) => util['isNullOrUndefined'](value));
    expect(nullish).toEqual([true, true, false, false]);
    expect([[], {}].map((value) => util['isArray'](value))).toEqual([true, false]);
  });
});
