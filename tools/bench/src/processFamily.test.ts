import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { processFamily } from './processFamily.ts';

describe(processFamily, () => {
  it.runIf(process.platform === 'linux')('finds what a process has started, and what that has', async () => {
    const inner =
      "require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])";
    const script = `const child = ${inner}; console.log(String(child.pid)); process.stdin.on('end', () => child.kill()).resume();`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(processFamily([child.pid ?? 0])).toEqual([child.pid, Number(String(line))]);
    child.stdin.end();
    await once(child, 'exit');
  });

  it('is the process alone when it has ended', () => {
    expect(processFamily([2 ** 22 + 1])).toEqual([2 ** 22 + 1]);
  });
});
