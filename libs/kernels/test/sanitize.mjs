// @ts-check
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Builds the numeric core with AddressSanitizer and UBSan and runs its test, for each vector width that this machine supports:
// node libs/kernels/test/sanitize.mjs. Exits 1 on a finding.

const folder = dirname(fileURLToPath(import.meta.url));
const buildFolder = mkdtempSync(join(tmpdir(), 'onda-sanitize-'));
const widths = [
  { name: 'this machine', flags: ['-march=native'] },
  { name: 'AVX2', flags: ['-march=haswell'] },
  { name: 'SSE2', flags: ['-march=x86-64'] },
];

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error !== undefined)
    console.error(`${command} cannot be run (${error.message}); install g++, or set CXX`);
  return status === 0;
}

let good = true;
for (const { name, flags } of widths) {
  const program = join(buildFolder, 'coreTest');
  const built = run(process.env['CXX'] ?? 'g++', [
    ...['-std=c++17', '-O1', '-g', '-ffp-contract=fast', '-pthread', '-Wall', '-Wextra', '-Werror', ...flags],
    ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
    ...[join(folder, 'coreTest.cc'), '-o', program],
  ]);
  console.log(`${name}:`);
  good = built && run(program, []) && good;
}
rmSync(buildFolder, { recursive: true });
process.exitCode = good ? 0 : 1;
