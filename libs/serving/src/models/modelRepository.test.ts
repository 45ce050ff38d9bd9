import { describe, expect, it } from 'vitest';
import { ModelStats } from '../modelStats.ts';
import { ModelRepository } from './modelRepository.ts';
import type { ServedModel } from './servedModel.ts';

function version(number: string, sequences: number): ServedModel {
  return {
    name: 'm',
    version: number,
    stats: new ModelStats(),
    sequenceKey: number,
    sequenceCounts: { live: sequences },
  } as unknown as ServedModel;
}

describe(ModelRepository, () => {
  it('finds an unloaded version for its sequences only', () => {
    const [old, empty, young] = [version('1', 1), version('2', 0), version('3', 0)];
    const repository = new ModelRepository([old]);
    repository.put('m', [empty], undefined);
    repository.put('m', [young], undefined);
    expect(repository.findHeld('m', '1')).toBe(old);
    expect(repository.findHeld('m', undefined)).toBe(young);
    expect(repository.findHeld('m', '2')).toBe(empty);
    expect(() => repository.findHeld('m', '4')).toThrow(
      'expected version 3, which is the one served, got "4"',
    );
    expect(() => repository.find('m', '1')).toThrow('expected version 3');
    repository.remove('m');
    expect(repository.findHeld('m', undefined)).toBe(young);
    expect(repository.unused).toEqual([empty, young]);
    expect([old, empty, empty].map((model) => repository.removeUnused(model))).toEqual([false, true, false]);
  });

  it('keeps one while a closed loop runs on it, though its sequence has ended', () => {
    const old = version('1', 0);
    const repository = new ModelRepository([old]);
    repository.remove('m');
    old.stats.pinned++;
    expect(repository.unused).toEqual([]);
    old.stats.pinned--;
    expect(repository.unused).toEqual([old]);
  });
});
