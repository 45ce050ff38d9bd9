import { ResultError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { checkQuiet, otherCores, otherWorkText, readCpuTicks } from './otherWork.ts';

const files: Record<string, string> = {
  '/proc/stat': 'cpu  100 10 50 700 40 3 2 0 0 0\ncpu0 1 2 3\n',
  '/proc/self/stat': '7 (node (a) b) S 1 1 1 0 -1 0 0 0 0 0 11 12 13 14 20 0\n',
  '/proc/42/stat': '42 (python) S 1 1 1 0 -1 0 0 0 0 0 1 2 300 400 20 0\n',
};
const read = (path: string): string => {
  if (path in files) return files[path];
  throw new Error('not there');
};

describe(readCpuTicks, () => {
  it('tells the machine apart from the bench', () => {
    expect(readCpuTicks([42], read)).toEqual({ all: 905, busy: 165, own: 11 + 12 + 13 + 14 + 1 + 2 });
  });

  it('tells nothing where a worker has gone or there is no /proc', () => {
    expect(readCpuTicks([43], read)).toBeNull();
  });
});

describe(otherCores, () => {
  it('is what was busy and not ours', () => {
    const before = { all: 1000, busy: 500, own: 100 };
    expect(otherCores(before, { all: 1200, busy: 650, own: 150 }, 2)).toBe(1);
    expect(otherCores(before, { all: 1200, busy: 600, own: 200 }, 2)).toBe(0);
    expect(otherCores(before, before, 2)).toBeNull();
    expect(otherCores(null, before, 2)).toBeNull();
  });
});

describe(otherWorkText, () => {
  it('says how much others used, when it is much', () => {
    expect(otherWorkText(0.09)).toBeNull();
    expect(otherWorkText(null)).toBeNull();
    expect(otherWorkText(0.14)).toBe(
      'Other processes used 0.14 cores of the machine on average while this was measured; measure again when it is quiet.',
    );
  });
});

describe(checkQuiet, () => {
  it('lets figures of a quiet machine pass', () => {
    expect(() => {
      checkQuiet(0.29);
      checkQuiet(null);
    }).not.toThrow();
  });

  it('refuses those of a busy one', () => {
    expect(() => {
      checkQuiet(1.294);
    }).toThrow(
      new ResultError(
        '--markdown: expected other processes to use less than 0.3 cores on average, got 1.29: threads that wait for each other come out many times too slow; the page is as it was, measure again when the machine is quiet',
      ),
    );
  });
});
