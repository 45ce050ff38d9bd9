import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

describe(nearest, () => {
  it.each([
    ['nme', 'name'],
    ['unit', 'units'],
    ['learningrate', 'learningRate'],
    ['colums', 'columns'],
    ['nett', 'net'],
    ['holodut', 'holdout'],
    ['zzz', undefined],
    ['x', undefined],
  ])('of %s is %s', (name, near) => {
    expect(nearest(name, ['net', 'name', 'units', 'learningRate', 'columns', 'holdout'])).toBe(near);
  });
});
