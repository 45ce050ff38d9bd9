import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { passThrough, runInProcess } from './runApp.ts';

const source = new URL('./runApp.ts', import.meta.url).href;
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const options = { cwd: process.cwd(), env: process.env };

describe(passThrough, () => {
  it.each([0, 1, 2, 77])('returns exit code %d', async (code) => {
    expect(await passThrough(process.execPath, ['-e', `process.exit(${code})`], options)).toBe(code);
  });

  it('reports a signal and a missing program as a shell does', async () => {
    const script = "process.kill(process.pid, 'SIGKILL')";
    expect(await passThrough(process.execPath, ['-e', script], options)).toBe(137);
    expect(await passThrough('/no/such/program', [], options)).toBe(127);
  });

  it('forwards SIGTERM and SIGINT, and waits until the program ends', async () => {
    const inner =
      "process.on('SIGTERM', () => process.exit(5)); process.on('SIGINT', () => process.exit(6)); console.log('up'); setInterval(() => {}, 1000)";
    const script = `
      import { passThrough } from ${JSON.stringify(source)};
      process.exitCode = await passThrough(process.execPath, ['-e', ${JSON.stringify(inner)}], { cwd: '.', env: process.env });`;
    for (const [signal, code] of [
      ['SIGTERM', 5],
      ['SIGINT', 6],
    ] as const) {
      const child = spawn(process.execPath, ['--import', tsx, '--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.once('data', () => child.kill(signal));
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(code);
    }
  });

  it('ends the program when the shell between npm and it has ended', async () => {
    const inner =
      "process.on('SIGTERM', () => { console.log('ended'); process.exit(0); }); console.log('up'); setInterval(() => {}, 1000)";
    const script = `
      import { passThrough } from ${JSON.stringify(source)};
      await passThrough(process.execPath, ['-e', ${JSON.stringify(inner)}], { cwd: '.', env: process.env });`;
    const shell = spawn(
      'sh',
      [
        '-c',
        `"${process.execPath}" --import ${tsx} --input-type=module -e '${script.replaceAll("'", `'"'"'`)}'; true`,
      ],
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

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'onda-here-')));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Starts a process that runs the program in itself. */
function start(program: string, shell = false): ChildProcess & { said: () => string } {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, program);
  const entry = join(folder, 'entry.mjs');
  const call = `runInProcess(${JSON.stringify(file)}, ['a', 'b c'], { cwd: ${JSON.stringify(folder)}, env: { ...process.env, ONDA_HERE: 'yes' } })`;
  writeFileSync(
    entry,
    `import { runInProcess } from ${JSON.stringify(source)};\nprocess.exitCode = await ${call};\n`,
  );
  const spawnOptions = { env: { ...process.env, ...(shell ? { npm_lifecycle_event: 'serve' } : {}) } };
  const child = shell
    ? spawn('sh', ['-c', `"${process.execPath}" --import ${tsx} "${entry}"; true`], spawnOptions)
    : spawn(process.execPath, ['--import', tsx, entry], spawnOptions);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  }
  return Object.assign(child, { said: () => text });
}

function closed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

describe(runInProcess, () => {
  it('gives the program its arguments, folder and environment, and returns its exit code', async () => {
    const child = start(
      'console.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.env.ONDA_HERE])); process.exitCode = 77;',
    );
    expect(await closed(child)).toBe(77);
    expect(JSON.parse(child.said())).toEqual([['a', 'b c'], folder, 'yes']);
  });

  it('waits for asynchronous work of the program', async () => {
    const child = start('await new Promise((resolve) => setTimeout(resolve, 50)); console.log("late");');
    expect(await closed(child)).toBe(0);
    expect(child.said()).toBe('late\n');
  });

  it('prints the stack of an error of the program, and returns 1', async () => {
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

  it('ends the program when the shell between npm and it has ended', async () => {
    const child = start(
      "process.on('SIGTERM', () => { console.log('ended'); process.exit(0); }); console.log('up'); await new Promise(() => setInterval(() => {}, 1000));",
      true,
    );
    child.stdout?.once('data', () => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout?.once('close', resolve));
    expect(child.said()).toBe('up\nended\n');
  });
});
