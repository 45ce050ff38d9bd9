import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runHere } from './runHere.mjs';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'onda-here-')));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A process that becomes the program. */
function start(program: string, shell = false): ChildProcess & { said: () => string } {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, program);
  const entry = join(folder, 'entry.mjs');
  const here = new URL('./runHere.mjs', import.meta.url).href;
  const call = `runHere(${JSON.stringify(file)}, ['a', 'b c'], { cwd: ${JSON.stringify(folder)}, env: { ...process.env, ONDA_HERE: 'yes' } })`;
  writeFileSync(
    entry,
    `import { runHere } from ${JSON.stringify(here)};\nprocess.exitCode = await ${call};\n`,
  );
  const options = { env: { ...process.env, ...(shell ? { npm_lifecycle_event: 'serve' } : {}) } };
  const child = shell
    ? spawn('sh', ['-c', `"${process.execPath}" "${entry}"; true`], options)
    : spawn(process.execPath, [entry], options);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  }
  return Object.assign(child, { said: () => text });
}

function closed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

describe(runHere, () => {
  it('gives the program its arguments, folder and environment, and its exit code back unchanged', async () => {
    const child = start(
      'console.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.env.ONDA_HERE])); process.exitCode = 77;',
    );
    expect(await closed(child)).toBe(77);
    expect(JSON.parse(child.said())).toEqual([['a', 'b c'], folder, 'yes']);
  });

  it('ends when the program is done, not when it waits for something', async () => {
    const child = start('await new Promise((resolve) => setTimeout(resolve, 50)); console.log("late");');
    expect(await closed(child)).toBe(0);
    expect(child.said()).toBe('late\n');
  });

  it('prints what the program throws, whole, and ends with 1', async () => {
    const child = start('throw Object.assign(new Error("no rights"), { code: "EACCES" });');
    expect(await closed(child)).toBe(1);
    expect(child.said()).toMatch(/^Error: no rights\n {4}at .*program\.mjs/);
  });

  it('leaves the signals to the program', async () => {
    const child = start(
      "process.on('SIGTERM', () => process.exit(5)); console.log('up'); await new Promise(() => setInterval(() => {}, 1000));",
    );
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    expect(await closed(child)).toBe(5);
  });

  it('ends the program when the shell that npm put between is gone', async () => {
    const child = start(
      "process.on('SIGTERM', () => { console.log('ended'); process.exit(0); }); console.log('up'); await new Promise(() => setInterval(() => {}, 1000));",
      true,
    );
    child.stdout?.once('data', () => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout?.once('close', resolve));
    expect(child.said()).toBe('up\nended\n');
  });
});
