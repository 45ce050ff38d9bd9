import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ResultError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { backgroundCores, backgroundLoadText, checkQuiet, processTree, readCpuTicks } from './machine.ts';

const files: Record<string, string> = {
  '/proc/stat': 'cpu  100 10 50 700 40 3 2 0 0 0\ncpu0 1 2 3\n',
  '/proc/self/stat': '7 (node (a) b) S 1 1 1 0 -1 0 0 0 0 0 11 12 13 14 20 0\n',
  '/proc/42/stat': '42 (python) S 1 1 1 0 -1 0 0 0 0 0 1 2 300 400 20 0\n',
};
const read = (path: string): string => {
  if (path in files) return files[path];
  throw new Error('missing');
};

describe(readCpuTicks, () => {
  it('separates the bench from the machine', () => {
    expect(readCpuTicks([42], read)).toEqual({ all: 905, busy: 165, own: 11 + 12 + 13 + 14 + 1 + 2 });
  });

  it('is null where a worker has ended or without /proc', () => {
    expect(readCpuTicks([43], read)).toBeNull();
  });
});

describe(backgroundCores, () => {
  it('is the busy time that is not of the bench', () => {
    const before = { all: 1000, busy: 500, own: 100 };
    expect(backgroundCores(before, { all: 1200, busy: 650, own: 150 }, 2)).toBe(1);
    expect(backgroundCores(before, { all: 1200, busy: 600, own: 200 }, 2)).toBe(0);
    expect(backgroundCores(before, before, 2)).toBeNull();
    expect(backgroundCores(null, before, 2)).toBeNull();
  });
});

describe(backgroundLoadText, () => {
  it('reports a load that matters', () => {
    expect(backgroundLoadText(0.09)).toBeNull();
    expect(backgroundLoadText(null)).toBeNull();
    expect(backgroundLoadText(0.14)).toBe(
      'Other processes used 0.14 cores on average during the measurement; repeat it on a quiet machine.',
    );
  });
});

describe(checkQuiet, () => {
  it('accepts a quiet machine', () => {
    expect(() => {
      checkQuiet(0.29);
      checkQuiet(null);
    }).not.toThrow();
  });

  it('rejects a busy machine', () => {
    expect(() => {
      checkQuiet(1.294);
    }).toThrow(
      new ResultError(
        '--markdown: expected other processes to use less than 0.3 cores on average, got 1.29; the page is unchanged, repeat the measurement on a quiet machine',
      ),
    );
  });
});

describe(processTree, () => {
  it.runIf(process.platform === 'linux')('finds the descendants of a process', async () => {
    const inner =
      "require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])";
    const script = `const child = ${inner}; console.log(String(child.pid)); process.stdin.on('end', () => child.kill()).resume();`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(processTree([child.pid ?? 0])).toEqual([child.pid, Number(String(line))]);
    child.stdin.end();
    await once(child, 'exit');
  });

  it('is the process alone after its end', () => {
    expect(processTree([2 ** 22 + 1])).toEqual([2 ** 22 + 1]);
  });
});
