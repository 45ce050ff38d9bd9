// @ts-check
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Compiles the native kernels. Uses no packages: the set-up runs it before they are installed.

const packageFolder = dirname(fileURLToPath(import.meta.url));
const coreFolder = join(packageFolder, '..', 'kernels', 'core');
const opsFolder = join(packageFolder, 'native', 'ops');

/**
 * @param {string} folder
 * @param {string} ending
 */
const filesOf = (folder, ending) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));

/** Absolute paths of all source files of the library. */
export const kernelSourceFiles = [
  ...filesOf(coreFolder, '.h'),
  ...filesOf(opsFolder, '.h'),
  ...filesOf(opsFolder, '.cc'),
];

/** Compiler flags, without machine-specific paths. The second line matches TensorFlow's ABI. */
export const kernelFlags = [
  ...['-std=c++17', '-O3', '-march=native', '-ffp-contract=fast', '-fPIC', '-shared', '-pthread'],
  ...['-D_GLIBCXX_USE_CXX11_ABI=1', '-DEIGEN_MAX_ALIGN_BYTES=64', '-DNAPI_VERSION=8'],
  ...['-fvisibility=hidden', '-Wall', '-Wextra', '-Werror'],
];

/**
 * Compiles the library for the CPU of this machine.
 *
 * @param {object} options
 * @param {string} options.tensorflowDir with include/ and lib/
 * @param {string} options.nodeHeadersDir folder of node_api.h
 * @param {string} options.outFile the library
 * @param {string} [options.compiler] g++ or a compiler that accepts its flags; default: CXX, else g++
 * @param {(line: string) => void} [options.log] receives the output of the compiler
 * @throws Error with the first message of the compiler
 */
export async function buildKernels({
  tensorflowDir,
  nodeHeadersDir,
  outFile,
  compiler = process.env['CXX'] ?? 'g++',
  log = () => {},
}) {
  const libraries = join(tensorflowDir, 'lib');
  await run(
    compiler,
    [
      ...kernelFlags,
      // -isystem: no warnings from headers of other projects.
      ...['-isystem', join(tensorflowDir, 'include'), '-isystem', nodeHeadersDir],
      join(opsFolder, 'library.cc'),
      ...[`-L${libraries}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
      `-Wl,-rpath,${libraries}`,
      ...['-o', outFile],
    ],
    log,
  );
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {(line: string) => void} log
 * @returns {Promise<void>}
 */
function run(command, args, log) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) =>
      reject(
        new Error(`${command} cannot be run (${error.message}); install g++ 9 or newer, or set CXX to one`),
      ),
    );
    child.on('close', (code) => {
      const lines = output.split('\n').filter((line) => line !== '');
      for (const line of lines) log(line);
      if (code === 0) resolve();
      else {
        const first = lines.find((line) => line.includes('error')) ?? lines[0] ?? `exit code ${code}`;
        reject(new Error(`${command} could not compile the native kernels: ${first}`));
      }
    });
  });
}
