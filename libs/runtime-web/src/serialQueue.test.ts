import { describe, expect, it } from 'vitest';
import { createSerialQueue } from './webRuntime.ts';

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe(createSerialQueue, () => {
  it('starts a task only when the one before it has ended', async () => {
    const queue = createSerialQueue();
    const seen: string[] = [];
    const task = (name: string) => async (): Promise<string> => {
      seen.push(`${name} starts`);
      await tick();
      seen.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all([queue(task('a')), queue(task('b')), queue(task('c'))])).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(seen).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
  });

  it('continues after a failed task, and only its caller sees the failure', async () => {
    const queue = createSerialQueue();
    const bad = queue(() => Promise.reject(new Error('bad')));
    const good = queue(() => Promise.resolve('good'));
    await expect(bad).rejects.toThrow('bad');
    expect(await good).toBe('good');
  });
});
