// @ts-check
import { readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { linkBeside } from './beside.mjs';
import { runChild, whyItFailed } from './child.mjs';
import { MissingPart } from './setupError.mjs';
import { tensorflowFolder, tensorflowWheel } from './tensorflowLibrary.mjs';

/** @typedef {import('./place.mjs').Place} Place */

const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'];
const headers = [
  'napi_auto_ref.h',
  'tf_auto_status.h',
  'tf_auto_tensor.h',
  'tfe_auto_op.h',
  'tfjs_backend.h',
  'utils.h',
];
const flags = ['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8', '-w'];

/**
 * tfjs-node's addon: its own sources, compiled against the TensorFlow of the cache.
 * @param {Place} place
 * @param {string} compilerCommand
 * @returns {import('./compiled.mjs').CompiledLibrary}
 */
export function addonLibrary(place, compilerCommand) {
  const binding = join(place.root, 'node_modules', '@tensorflow', 'tfjs-node', 'binding');
  const tensorflow = tensorflowFolder(place.cache);
  const libraryFolder = join(tensorflow, 'lib');
  return {
    kind: 'addon',
    file: 'tfjs_binding.node',
    madeFrom: [
      ...[...sources, ...headers].map((name) => readFileSync(join(binding, name), 'utf8')),
      ...flags,
      tensorflowWheel.sha256,
      nodeHeadersVersion(place.root),
      // The addon finds TensorFlow by this path.
      libraryFolder,
    ],
    build: async (outFile) => {
      place.log("TensorFlow: compiling tfjs-node's addon");
      const result = await runChild(
        compilerCommand,
        [
          ...flags,
          `-I${dirname(binding)}`,
          `-I${join(tensorflow, 'include')}`,
          `-I${nodeHeadersFolder(place.root)}`,
          ...sources.map((name) => join(binding, name)),
          `-L${libraryFolder}`,
          '-l:libtensorflow_cc.so.2',
          '-l:libtensorflow_framework.so.2',
          `-Wl,-rpath,${libraryFolder}`,
          '-o',
          outFile,
        ],
        { env: place.env },
      );
      if (result.code !== 0)
        throw new MissingPart(
          `${compilerCommand} could not compile tfjs-node's addon (${whyItFailed(result, /error:/)})`,
          'try another compiler by setting CXX',
        );
      await checkLoads(place, outFile);
    },
  };
}

/**
 * Loads it in a process of its own: an instruction that this CPU lacks ends that one and not ours.
 * @param {Place} place
 * @param {string} file
 */
async function checkLoads(place, file) {
  const script = 'process.stdout.write(require(process.argv[1]).TF_Version)';
  const result = await runChild(process.execPath, ['-e', script, file], {
    env: { ...place.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  if (result.code !== 0 || result.stdout.trim() !== tensorflowWheel.version)
    throw new MissingPart(
      `TensorFlow's library does not load on this machine (${whyItFailed(result, /^Error:/)})`,
      'it needs a CPU with AVX and glibc 2.17 or newer',
    );
}

/**
 * Puts the addon where tfjs-node looks for it. A link: the cache keeps the one copy, and its record is checked.
 * @param {string} root
 * @param {string} addon
 * @returns {boolean} whether anything had to be done
 */
export function placeAddon(root, addon) {
  const link = join(root, 'node_modules', '@tensorflow', 'tfjs-node', 'lib', 'napi-v8', 'tfjs_binding.node');
  try {
    if (readlinkSync(link) === addon) return false;
  } catch {
    // Absent, or a file of another make: it is replaced.
  }
  linkBeside(addon, link);
  return true;
}

/**
 * The headers of Node's N-API, from the npm package: no node-gyp and no download.
 * @param {string} root
 */
export function nodeHeadersFolder(root) {
  return join(root, 'node_modules', 'node-api-headers', 'include');
}

/** @param {string} root */
export function nodeHeadersVersion(root) {
  const file = join(root, 'node_modules', 'node-api-headers', 'package.json');
  return `node-api-headers ${JSON.parse(readFileSync(file, 'utf8')).version}`;
}
