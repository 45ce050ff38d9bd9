import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const folder = path.resolve(import.meta.dirname, '..');
const requirements = path.join(folder, 'wasm', 'zig.txt');

/** No flag depends on the machine. Strict SIMD: no fused multiply-add, so that the same bits come out on every engine. */
const flags = [
  ...['-target', 'wasm32-wasi', '-mexec-model=reactor', '-std=c++17', '-O3', '-msimd128'],
  ...['-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Werror'],
  // The compiler's default stack of 16 MiB would be most of the memory of a small net.
  ...['-Wl,--strip-all', '-Wl,-z,stack-size=262144'],
];

/** How kernels.wasm came about, in kernels.json. */
export interface WasmRecord {
  compiler: string;
  flags: readonly string[];
  /** SHA-256 of the sources, in the order of their names. */
  sources: string;
  /** SHA-256 of kernels.wasm. */
  wasm: string;
  bytes: number;
}

export const sha256 = (...parts: (Uint8Array | string)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The pinned compiler, such as `ziglang 0.17.1`. */
function compilerName(): string {
  const version = /^ziglang==(\S+)/m.exec(readFileSync(requirements, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${requirements}: expected a line ziglang==VERSION`);
  return `ziglang ${version}`;
}

/** The record that the present sources should have, without the result. */
export function wantedRecord(): Omit<WasmRecord, 'wasm' | 'bytes'> {
  const core = path.join(folder, 'core');
  const files = [
    ...readdirSync(core)
      .filter((name) => name.endsWith('.h'))
      .sort()
      .map((name) => path.join(core, name)),
    path.join(folder, 'wasm', 'abi.cc'),
  ];
  const sources = sha256(...files.flatMap((file) => [`${path.basename(file)}\n`, readFileSync(file)]));
  return { compiler: compilerName(), flags, sources };
}

/** Where pip has put the compiler, or would put it. */
const compilerFolder = (): string =>
  path.join(
    process.env['ONDA_CACHE'] ??
      path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'onda'),
    'zig',
    sha256(readFileSync(requirements)).slice(0, 16),
  );

/** Whether `compile` can run without a download. */
export const compilerInstalled = (): boolean => existsSync(compilerFolder());

/**
 * Installs the compiler with pip, about 100 MB.
 *
 * @throws Error if there is no Python with pip, or no wheel for this machine
 */
export async function installCompiler(): Promise<void> {
  const target = compilerFolder();
  if (existsSync(target)) return;
  const partial = `${target}.${process.pid}`;
  mkdirSync(path.dirname(target), { recursive: true });
  const options = [
    '--no-deps',
    '--no-compile',
    '--require-hashes',
    '--only-binary',
    ':all:',
    '--disable-pip-version-check',
  ];
  try {
    await run('python3', ['-m', 'pip', 'install', ...options, '--target', partial, '-r', requirements]);
    renameSync(partial, target);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Compiles wasm/abi.cc into a file. */
export async function compile(outFile: string): Promise<void> {
  const env = { ...process.env, PYTHONPATH: compilerFolder() };
  // Relative names: the result must not depend on where the repository is.
  await run('python3', ['-m', 'ziglang', 'c++', ...flags, 'wasm/abi.cc', '-o', outFile], {
    cwd: folder,
    env,
  });
}
