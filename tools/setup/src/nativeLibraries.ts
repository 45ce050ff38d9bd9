import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { failureReason, runChild } from './child.mjs';
import type { CompiledLibrary } from './compiledLibrary.ts';
import type { Context } from './context.mjs';
import { MissingPart } from './context.mjs';
import { linkAtomic } from './files.mjs';
import { cpuKey } from './machine.ts';
import type { Wheel } from './wheel.ts';
import { wheelFolder } from './wheel.ts';

const libraryNames = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/**
 * The wheel with libtensorflow and its headers. The download of tfjs-node's own install script has answered 403 since 2026
 * (tensorflow/tfjs issue 8742); 2.15 is the last release that tfjs-node 4.22 compiles with.
 */
export const tensorflowWheel: Wheel = {
  name: 'tensorflow-cpu',
  version: '2.15.1',
  sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
  bytes: 207_208_420,
  platform: 'manylinux2014_x86_64',
  unpackedMegabytes: 710,
  cacheFolder: 'tensorflow',
  libraries: libraryNames.map((name) => `lib/${name}`),
  choose: tensorflowPath,
};

/** Keeps the libraries and the headers that the addon and the kernels include. */
export function tensorflowPath(name: string): string | null {
  const library = libraryNames.find((file) => name === `tensorflow/${file}`);
  if (library) return `lib/${library}`;
  const header = /^tensorflow\/(include\/.*)$/.exec(name)?.[1];
  if (!header || header.startsWith('include/external/') || header.endsWith('.so')) return null;
  return header;
}

const addonSources = ['tfjs_backend.cc', 'tfjs_binding.cc'];
const addonHeaders = [
  'napi_auto_ref.h',
  'tf_auto_status.h',
  'tf_auto_tensor.h',
  'tfe_auto_op.h',
  'tfjs_backend.h',
  'utils.h',
];
const addonFlags = ['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8', '-w'];

/** tfjs-node's addon, compiled from its own sources with the TensorFlow of the cache. */
export function addonLibrary(context: Context, compiler: string): CompiledLibrary {
  const { root } = context;
  const binding = join(root, 'node_modules', '@tensorflow', 'tfjs-node', 'binding');
  const tensorflow = wheelFolder(context.cache, tensorflowWheel);
  const libraryFolder = join(tensorflow, 'lib');
  return {
    kind: 'addon',
    file: 'tfjs_binding.node',
    inputs: [
      ...[...addonSources, ...addonHeaders].map((name) => readFileSync(join(binding, name), 'utf8')),
      ...addonFlags,
      tensorflowWheel.sha256,
      nodeHeadersVersion(root),
      // The rpath of the addon.
      libraryFolder,
    ],
    build: async (outFile) => {
      context.log("TensorFlow: compiling tfjs-node's addon");
      const result = await runChild(
        compiler,
        [
          ...addonFlags,
          `-I${dirname(binding)}`,
          `-I${join(tensorflow, 'include')}`,
          `-I${nodeHeadersFolder(root)}`,
          ...addonSources.map((name) => join(binding, name)),
          `-L${libraryFolder}`,
          ...libraryNames.map((name) => `-l:${name}`),
          `-Wl,-rpath,${libraryFolder}`,
          '-o',
          outFile,
        ],
        { env: context.env },
      );
      if (result.code !== 0)
        throw new MissingPart(
          `${compiler} could not compile tfjs-node's addon (${failureReason(result, /error:/)})`,
          'set CXX to another compiler',
        );
      const loaded = await runNode(
        context,
        'process.stdout.write(require(process.argv[1]).TF_Version)',
        outFile,
      );
      if (loaded.code !== 0 || loaded.stdout.trim() !== tensorflowWheel.version)
        throw new MissingPart(
          `TensorFlow's library does not load on this machine (${failureReason(loaded, /^Error:/)})`,
          'it needs a CPU with AVX and glibc 2.17 or newer',
        );
    },
  };
}

/**
 * Links the addon of the cache to the path where tfjs-node loads it.
 *
 * @returns false where the link exists already
 */
export function linkAddon(root: string, addon: string): boolean {
  const link = join(root, 'node_modules', '@tensorflow', 'tfjs-node', 'lib', 'napi-v8', 'tfjs_binding.node');
  try {
    if (readlinkSync(link) === addon) return false;
  } catch {
    // Absent, or a file of another origin: it is replaced.
  }
  linkAtomic(addon, link);
  return true;
}

/** The exports of libs/tfjs-native/build.mjs. */
interface KernelBuild {
  buildKernels: (options: {
    tensorflowDir: string;
    nodeHeadersDir: string;
    outFile: string;
    compiler: string;
    log: (line: string) => void;
  }) => Promise<void>;
  /** Absolute paths. */
  kernelSourceFiles: readonly string[];
  kernelFlags: readonly string[];
}

/**
 * Onda's TensorFlow kernels, compiled for this CPU.
 *
 * @param addon path of tfjs-node's addon, which must be loaded before the kernels
 * @returns null in a workspace without native kernels
 */
export async function kernelLibrary(
  context: Context,
  compiler: string,
  addon: string,
): Promise<CompiledLibrary | null> {
  const { root } = context;
  const buildFile = join(root, 'libs', 'tfjs-native', 'build.mjs');
  if (!existsSync(buildFile)) return null;
  const { buildKernels, kernelSourceFiles, kernelFlags } = (await import(
    pathToFileURL(buildFile).href
  )) as KernelBuild;
  const tensorflowDir = wheelFolder(context.cache, tensorflowWheel);
  return {
    kind: 'kernels',
    file: 'onda_kernels.node',
    inputs: [
      ...kernelSourceFiles.map((path) => readFileSync(path, 'utf8')),
      ...kernelFlags,
      tensorflowWheel.sha256,
      nodeHeadersVersion(root),
      tensorflowDir,
      cpuKey(),
    ],
    build: async (outFile) => {
      context.log('TensorFlow: compiling the native kernels for this CPU');
      await buildKernels({
        tensorflowDir,
        nodeHeadersDir: nodeHeadersFolder(root),
        outFile,
        compiler,
        log: context.log,
      });
      const script =
        "require(process.argv[1]); const { RTLD_NOW, RTLD_GLOBAL } = require('node:os').constants.dlopen;" +
        'process.dlopen({ exports: {} }, process.argv[2], RTLD_NOW | RTLD_GLOBAL);';
      const loaded = await runNode(context, script, addon, outFile);
      if (loaded.code !== 0)
        throw new MissingPart(
          `the compiled kernels do not load (${failureReason(loaded, /^Error:/)})`,
          'set CXX to another compiler',
        );
    },
  };
}

/** Loads libraries in a child process: an instruction that the CPU does not support ends the child only. */
function runNode(context: Context, script: string, ...args: string[]): ReturnType<typeof runChild> {
  return runChild(process.execPath, ['-e', script, ...args], {
    env: { ...context.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '2' },
  });
}

/** Node-API headers of the npm package: no node-gyp and no download. */
function nodeHeadersFolder(root: string): string {
  return join(root, 'node_modules', 'node-api-headers', 'include');
}

function nodeHeadersVersion(root: string): string {
  const file = join(root, 'node_modules', 'node-api-headers', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return `node-api-headers ${version}`;
}
