import { describe, expect, it } from 'vitest';
import { chooseStages, stageSummary, testStages } from './testStages.mjs';

describe(chooseStages, () => {
  it('takes all, or those that are named, in their own order', () => {
    expect(chooseStages(undefined)).toBe(testStages);
    expect(chooseStages('unit,format').map((stage) => stage.name)).toEqual(['format', 'unit']);
  });

  it('refuses a name that is no stage', () => {
    expect(() => chooseStages('unit,fast')).toThrow(
      'npm test: --only names "fast", expected of sync, format, knip, checks, unit, integration, browser.',
    );
  });
});

describe(stageSummary, () => {
  it('ends with the counts', () => {
    const stage = (name: string, result: 'passed' | 'failed' | 'left out') => ({
      name,
      result,
      seconds: 1,
      note: '',
    });
    const two = [stage('unit', 'passed'), stage('knip', 'failed')];
    expect(stageSummary(two).split('\n').at(-1)).toBe('1 passed, 1 failed');
    expect(
      stageSummary([...two, stage('browser', 'left out')])
        .split('\n')
        .at(-1),
    ).toBe('1 passed, 1 failed, 1 skipped');
  });
});
