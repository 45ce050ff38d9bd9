import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { passThrough } from './passThrough.mjs';

const options = { cwd: process.cwd(), env: process.env };

describe(passThrough, () => {
  it.each([0, 1, 2, 77])('gives exit code %d back unchanged', async (code) => {
    expect(await passThrough(process.execPath, ['-e', `process.exit(${code})`], options)).toBe(code);
  });

  it('tells a signal as a shell would, and a missing program', async () => {
    const script = "process.kill(process.pid, 'SIGKILL')";
    expect(await passThrough(process.execPath, ['-e', script], options)).toBe(137);
    expect(await passThrough('/no/such/program', [], options)).toBe(127);
  });

  it('hands SIGTERM and SIGINT on, and waits for the program to end by itself', async () => {
    const inner =
      "process.on('SIGTERM', () => process.exit(5)); process.on('SIGINT', () => process.exit(6)); console.log('up'); setInterval(() => {}, 1000)";
    const script = `
      import { passThrough } from ${JSON.stringify(new URL('./passThrough.mjs', import.meta.url).href)};
      process.exitCode = await passThrough(process.execPath, ['-e', ${JSON.stringify(inner)}], { cwd: '.', env: process.env });`;
    for (const [signal, code] of [
      ['SIGTERM', 5],
      ['SIGINT', 6],
    ] as const) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.once('data', () => child.kill(signal));
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(code);
    }
  });

  it('ends the program when the shell that npm put between is gone', async () => {
    const inner =
      "process.on('SIGTERM', () => { console.log('ended'); process.exit(0); }); console.log('up'); setInterval(() => {}, 1000)";
    const script = `
      import { passThrough } from ${JSON.stringify(new URL('./passThrough.mjs', import.meta.url).href)};
      await passThrough(process.execPath, ['-e', ${JSON.stringify(inner)}], { cwd: '.', env: process.env });`;
    const shell = spawn(
      'sh',
      ['-c', `"${process.execPath}" --input-type=module -e '${script.replaceAll("'", `'"'"'`)}'; true`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, npm_lifecycle_event: 'serve' },
      },
    );
    const said = await new Promise<string>((resolve) => {
      let text = '';
      shell.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (part.includes('up')) shell.kill('SIGKILL');
      });
      shell.stdout.once('close', () => {
        resolve(text);
      });
    });
    expect(said).toBe('up\nended\n');
  });
});
