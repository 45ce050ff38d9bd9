import { cpSync, copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@onda/contract';
import { ensurePython } from '../peers/python.ts';
import { runProgram } from '../peers/runProgram.ts';
import { appCommand } from '../worker/appCommand.ts';
import { isStepped } from './load.ts';
import type { Load } from './load.ts';
import { mlserverFolder, ondaModels, tritonRepository } from './repositories.ts';
import { model } from './requests.ts';
import { startServer } from './serverProcess.ts';
import type { ServerProcess } from './serverProcess.ts';

export const systemNames = ['onda', 'triton-python', 'mlserver'] as const;
export type SystemName = (typeof systemNames)[number];

/** @throws ConfigError for a name that is no system */
export function parseServingSystem(name: string): SystemName {
  if ((systemNames as readonly string[]).includes(name)) return name as SystemName;
  throw new ConfigError(
    `--systems: expected of ${systemNames.join(', ')}, got ${JSON.stringify(name)}; correct the name`,
  );
}

/** What a system cannot be asked, and why. */
export const leftOut: Readonly<Partial<Record<SystemName, { form: Load['form']; why: string }>>> = {
  mlserver: { form: 'http-binary', why: 'MLServer 1.7.1 does not read the binary tensor extension.' },
};

export function isAble(name: SystemName, load: Load): boolean {
  return isStepped(load) ? name === 'onda' : leftOut[name]?.form !== load.form;
}

/** A server, or a sentence about why there is none. */
export type Started = { server: ServerProcess } | { missing: string };

/**
 * Starts a system on the example model, with its packages in an environment of their own.
 *
 * @param folder an empty one for its files
 * @throws ResultError when it does not start
 */
export function startSystem(name: SystemName, folder: string, say: (line: string) => void): Promise<Started> {
  return starters[name](folder, say);
}

const starters: Record<SystemName, (folder: string, say: (line: string) => void) => Promise<Started>> = {
  onda: async () => {
    // The first start of a state of the sources compiles the program; those after it are what a start takes.
    await (await startOnda()).stop();
    return { server: await startOnda() };
  },
  'triton-python': startTriton,
  mlserver: startMlserver,
};

/** Onda's service with the example model, as `npm run serve` starts it. */
export function startOnda(): Promise<ServerProcess> {
  return startServer('onda', model, ({ http, grpc, metrics }) =>
    appCommand('server', 'serve', [
      ...['--no-web', '--models', ondaModels, '--provider', 'cpu'],
      ...['--http-port', String(http), '--grpc-port', String(grpc), '--metrics-port', String(metrics)],
    ]),
  );
}

async function startMlserver(folder: string, say: (line: string) => void): Promise<Started> {
  const found = await ensurePython(
    { name: 'MLServer', requirements: peerFile('mlserver.txt'), size: 'about 150 MB from PyPI, once' },
    say,
  );
  if (!('python' in found)) return { missing: `MLServer is left out: ${found.missing}; ${found.remedy}` };
  const server = await startServer('mlserver', model, (ports) => ({
    // Not by bin/mlserver: its first line names the folder in which the environment was filled.
    program: found.python,
    args: ['-c', 'from mlserver.cli import main; main()', 'start', mlserverFolder(folder, ports)],
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
  }));
  return { server };
}

async function startTriton(folder: string, say: (line: string) => void): Promise<Started> {
  const found = await ensurePython(
    { name: 'Triton', requirements: peerFile('triton.txt'), size: 'about 120 MB from PyPI, once' },
    say,
  );
  if (!('python' in found)) return { missing: `Triton is left out: ${found.missing}; ${found.remedy}` };
  const script =
    'import sys, sysconfig; print(sysconfig.get_path("purelib")); print("%d.%d" % sys.version_info[:2]); print(sysconfig.get_config_var("LIBDIR"))';
  const { stdout } = await runProgram(found.python, ['-c', script]);
  const [packages, version, libraries] = stdout.trim().split('\n');
  const triton = path.join(packages, 'pytriton', 'tritonserver');
  const stub = path.join(triton, 'python_backend_stubs', version, 'triton_python_backend_stub');
  if (!existsSync(stub)) return { missing: `Triton is left out: it has no backend for Python ${version}` };
  // The wheel keeps the stub for each Python beside the backend, which looks for it within.
  const backends = path.join(folder, 'backends');
  cpSync(path.join(triton, 'backends', 'python'), path.join(backends, 'python'), { recursive: true });
  copyFileSync(stub, path.join(backends, 'python', 'triton_python_backend_stub'));
  const repository = tritonRepository(path.join(folder, 'models'), packages);
  const server = await startServer('triton-python', model, ({ http, grpc }) => ({
    program: path.join(triton, 'bin', 'tritonserver'),
    args: [
      ...['--model-repository', repository, '--backend-directory', backends, '--allow-metrics=false'],
      ...['--http-address', '127.0.0.1', '--http-port', String(http)],
      ...['--grpc-address', '127.0.0.1', '--grpc-port', String(grpc)],
    ],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: [path.join(packages, 'nvidia_pytriton.libs'), libraries].join(':'),
    },
  }));
  return { server };
}

function peerFile(name: string): string {
  return fileURLToPath(new URL(`../../peers/serving/${name}`, import.meta.url));
}
