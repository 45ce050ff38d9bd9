import { describe, expect, it } from 'vitest';
import { stageSummary } from './testCommand.ts';
import { chooseStages, testStages } from './testStages.mjs';

describe(chooseStages, () => {
  it('returns all stages, or the named ones in their own order', () => {
    expect(chooseStages(undefined)).toBe(testStages);
    expect(chooseStages('unit,sync').map((stage) => stage.name)).toEqual(['sync', 'unit']);
  });

  it('rejects an unknown name', () => {
    expect(() => chooseStages('unit,fast')).toThrow(
      'npm test: --only: expected names of sync, checks, unit, build, integration, browser, got "fast".',
    );
  });
});

describe(stageSummary, () => {
  it('ends with the counts', () => {
    const stage = (name: string, result: 'passed' | 'failed' | 'skipped') => ({
      name,
      result,
      seconds: 1,
      note: '',
    });
    const two = [stage('unit', 'passed'), stage('knip', 'failed')];
    expect(stageSummary(two).split('\n').at(-1)).toBe('1 passed, 1 failed');
    expect(
      stageSummary([...two, stage('browser', 'skipped')])
        .split('\n')
        .at(-1),
    ).toBe('1 passed, 1 failed, 1 skipped');
  });
});
