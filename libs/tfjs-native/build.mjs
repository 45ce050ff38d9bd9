// @ts-check
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Compiles the native kernels. Plain Node without packages: the set-up runs it before there are any.

const nativeFolder = join(dirname(fileURLToPath(import.meta.url)), 'native');

/**
 * @param {string} folder
 * @param {string} ending
 */
const filesOf = (folder, ending) =>
  readdirSync(join(nativeFolder, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(nativeFolder, folder, name));

/** Every file that the library is made of, as absolute paths. */
export const kernelSourceFiles = [
  ...filesOf('core', '.h'),
  ...filesOf('ops', '.h'),
  ...filesOf('ops', '.cc'),
];

/** Of the compiler, without the folders of this machine. The second line is TensorFlow's own ABI. */
export const kernelFlags = [
  ...['-std=c++17', '-O3', '-march=native', '-ffp-contract=fast', '-fPIC', '-shared', '-pthread'],
  ...['-D_GLIBCXX_USE_CXX11_ABI=1', '-DEIGEN_MAX_ALIGN_BYTES=64', '-DNAPI_VERSION=8'],
  ...['-fvisibility=hidden', '-Wall', '-Wextra', '-Werror'],
];

/**
 * Compiles the library for this machine's CPU.
 *
 * @param {object} options
 * @param {string} options.tensorflowDir with include/ and lib/
 * @param {string} options.nodeHeadersDir where node_api.h is
 * @param {string} options.outFile the library
 * @param {string} [options.compiler] g++ or one that takes its flags; left out: CXX, else g++
 * @param {(line: string) => void} [options.log] told what the compiler prints
 * @throws Error with the compiler's first message
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
      // Not ours to keep free of warnings.
      ...['-isystem', join(tensorflowDir, 'include'), '-isystem', nodeHeadersDir],
      join(nativeFolder, 'ops', 'library.cc'),
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
