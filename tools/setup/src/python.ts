import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from './child.mjs';
import type { Context, Row } from './context.mjs';
import { MissingPart, stopwatch } from './context.mjs';
import { contentKey, fillFolderAtomic, folderMegabytes } from './files.mjs';
import { withCacheLock } from './lock.mjs';
import { installCommand } from './machine.ts';
import { pipFailure, pipOptions } from './wheel.ts';

/** A Python with packages that the tests compare Onda with. */
export interface PythonEnvironment {
  part: string;
  /** Field of the set-up record. */
  field: 'python' | 'clientsPython' | 'deployPython' | 'tritonPython';
  /** Environment variable of the tests with its path. */
  variable: string;
  /** File with all packages pinned, dependencies included; relative to tools/setup/python. */
  requirements: string;
  /** The main packages, for messages. */
  packages: string;
  /** What the tests skip without it, a sentence. */
  cost: string;
}

/** To add one: an entry here, a requirements file and a field of the record. */
export const pythonEnvironments: readonly PythonEnvironment[] = [
  {
    part: 'Python checker',
    field: 'python',
    variable: 'ONDA_PYTHON',
    requirements: 'checker.txt',
    packages: 'onnx, onnxruntime and numpy',
    cost: "The checks by Python's onnx and onnxruntime are skipped.",
  },
  {
    part: 'Python clients',
    field: 'clientsPython',
    variable: 'ONDA_CLIENTS_PYTHON',
    requirements: 'clients.txt',
    packages: 'tritonclient and schemathesis',
    cost: "The tests of the service with Triton's clients and against its OpenAPI document are skipped.",
  },
  {
    part: 'Python deploy',
    field: 'deployPython',
    variable: 'ONDA_DEPLOY_PYTHON',
    requirements: 'deploy.txt',
    packages: 'kubernetes-validate, kserve, compose-spec and hadolint',
    cost: 'The files of deploy/ are not validated against the schemas of the tools that read them.',
  },
  {
    // numpy 1: with numpy 2 the compiled part of the Python backend returns empty tensors. Hence Python 3.11 or 3.12.
    // tritonclient 2.50 contains perf_analyzer for glibc 2.34 (later versions need 2.38); two of its libraries are in nvidia-pytriton's wheel.
    part: 'Triton',
    field: 'tritonPython',
    variable: 'ONDA_TRITON_PYTHON',
    requirements: 'triton.txt',
    packages: 'tritonserver, perf_analyzer and onnxruntime',
    cost: 'The tests of config.pbtxt with Triton and of the service with perf_analyzer are skipped.',
  },
];

/**
 * Installs the packages of an environment into a folder of the cache, with a small `python` script that adds them to the path: this needs
 * pip alone, while a virtual environment needs one more package on Debian.
 */
export async function ensurePython(
  context: Context,
  environment: Pick<PythonEnvironment, 'part' | 'packages' | 'requirements' | 'cost'>,
): Promise<{ row: Row; python: string | null }> {
  const seconds = stopwatch();
  const { part, packages, cost } = environment;
  try {
    const host = await findPython(context.env);
    const requirements = join(context.root, 'tools', 'setup', 'python', environment.requirements);
    const key = contentKey([readFileSync(requirements, 'utf8'), host.version, host.path, context.cache]);
    const folder = join(context.cache, 'python', key);
    const python = join(folder, 'python');
    const detail = `${packages} for Python ${host.version}`;
    if (existsSync(python)) return { row: { part, state: 'found', detail, seconds: seconds() }, python };
    await withCacheLock(context, async () => {
      if (existsSync(python)) return;
      context.log(`${part}: installing ${packages} with pip`);
      await fillFolderAtomic(folder, (temporary) =>
        installPackages(context, host.path, requirements, packages, folder, temporary),
      );
    });
    const megabytes = folderMegabytes(folder);
    return { row: { part, state: 'installed', detail, megabytes, seconds: seconds() }, python };
  } catch (error) {
    if (!(error instanceof MissingPart)) throw error;
    const { what, remedy } = error;
    return { row: { part, state: 'missing', detail: what, cost, remedy, seconds: seconds() }, python: null };
  }
}

/** Fills `temporary`, which is renamed to `folder` afterwards. */
async function installPackages(
  context: Context,
  host: string,
  requirements: string,
  packages: string,
  folder: string,
  temporary: string,
): Promise<void> {
  const target = ['--target', join(temporary, 'site'), '--no-deps', '--only-binary=:all:'];
  const result = await runChild(
    host,
    ['-m', 'pip', 'install', ...target, ...pipOptions, '-r', requirements],
    { env: context.env },
  );
  if (result.code !== 0)
    throw new MissingPart(
      `pip could not install ${packages} (${pipFailure(result)})`,
      'install Python 3.11 or newer and connect to a package index',
    );
  const script = `#!/bin/sh\nPYTHONPATH='${join(folder, 'site')}' exec '${host}' "$@"\n`;
  writeFileSync(join(temporary, 'python'), script);
  chmodSync(join(temporary, 'python'), 0o755);
}

async function findPython(env: NodeJS.ProcessEnv): Promise<{ path: string; version: string }> {
  const script = 'import sys, pip; print(sys.executable); print("%d.%d" % sys.version_info[:2])';
  for (const command of ['python3', 'python']) {
    const { code, stdout } = await runChild(command, ['-c', script], { env });
    const [path = '', version = ''] = stdout.split('\n');
    if (code === 0) return { path, version };
  }
  throw new MissingPart('there is no Python with pip', installCommand('pip', env));
}
