import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ResultError } from '@onda/contract';
import type { Command } from '../processes.ts';
import { appCommand, lastLine, runProgram } from '../processes.ts';
import type { Missing } from '../python.ts';
import { peerFile, peerPython } from '../python.ts';
import { model } from './requests.ts';

/** A running server. */
export interface Server {
  readonly pid: number;
  /** `http://127.0.0.1:8000`. */
  readonly http: string;
  /** `127.0.0.1:8001`. */
  readonly grpc: string;
  /** `http://127.0.0.1:8002`, where it serves metrics. */
  readonly metrics: string;
  /** Seconds from its start until its model is ready. */
  readonly startS: number;
  stop(): Promise<void>;
}

export const serverNames = ['onda', 'triton-python', 'mlserver'] as const;
export type ServerName = (typeof serverNames)[number];

interface Ports {
  http: number;
  grpc: number;
  metrics: number;
}

const models = fileURLToPath(new URL('../../../../examples/models', import.meta.url));
const onnxFile = path.join(models, model, '1', 'model.onnx');

/**
 * Starts a server on the example model.
 *
 * @param folder for its files
 * @throws ResultError when it does not start
 */
export async function openServer(
  name: ServerName,
  folder: string,
  say: (line: string) => void,
): Promise<Server | Missing> {
  if (name === 'onda') {
    // The first start after a change of the sources compiles the program; the second one is measured.
    await (await startOnda()).stop();
    return startOnda();
  }
  const found = await peerPython(name === 'mlserver' ? 'mlserver' : 'triton', say);
  if ('missing' in found) return found;
  mkdirSync(folder, { recursive: true });
  if (name === 'mlserver') return startServer(name, (ports) => mlserverCommand(found.python, folder, ports));
  const command = await tritonCommand(found.python, folder);
  return 'missing' in command ? command : startServer(name, (ports) => command.of(ports));
}

/** Onda's service with the example model, as `npm run serve` starts it. */
export function startOnda(): Promise<Server> {
  return startServer('onda', ({ http, grpc, metrics }) =>
    appCommand('server', 'serve', [
      ...['--no-web', '--models', models, '--provider', 'cpu'],
      ...['--http-port', String(http), '--grpc-port', String(grpc), '--metrics-port', String(metrics)],
    ]),
  );
}

/** Writes MLServer's settings, the model's, and the runtime class in peers/. */
function mlserverCommand(python: string, folder: string, ports: Ports): Command {
  copyFileSync(peerFile('mlserver_model.py'), path.join(folder, 'mlserver_model.py'));
  const settings = {
    host: '127.0.0.1',
    http_port: ports.http,
    grpc_port: ports.grpc,
    metrics_port: ports.metrics,
    // The model runs too briefly for a worker process.
    parallel_workers: 0,
    debug: false,
  };
  const modelSettings = {
    name: model,
    implementation: 'mlserver_model.OnnxModel',
    parameters: { uri: onnxFile },
  };
  writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(settings));
  writeFileSync(path.join(folder, 'model-settings.json'), JSON.stringify(modelSettings));
  return {
    program: python,
    args: ['-c', 'from mlserver.cli import main; main()', 'start', folder],
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
  };
}

const tritonConfig = `name: "${model}"
backend: "python"
max_batch_size: 64
input [ { name: "x" data_type: TYPE_FP32 dims: [ -1, 1 ] }, { name: "state_in" data_type: TYPE_FP32 dims: [ 32 ] } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ -1, 1 ] }, { name: "state_out" data_type: TYPE_FP32 dims: [ 32 ] } ]
dynamic_batching { }
instance_group [ { count: 1 kind: KIND_CPU } ]
`;

/** Writes a model repository for Triton's Python backend, and the backend with the stub of this Python. */
async function tritonCommand(
  python: string,
  folder: string,
): Promise<{ of: (ports: Ports) => Command } | Missing> {
  const script =
    'import os, sys, sysconfig, importlib.util; print(os.path.dirname(os.path.dirname(importlib.util.find_spec("pytriton").origin))); print("%d.%d" % sys.version_info[:2]); print(sysconfig.get_config_var("LIBDIR"))';
  const { stdout } = await runProgram({ program: python, args: ['-c', script] });
  const [packages, version, libraries] = stdout.trim().split('\n');
  const triton = path.join(packages, 'pytriton', 'tritonserver');
  const stub = path.join(triton, 'python_backend_stubs', version, 'triton_python_backend_stub');
  if (!existsSync(stub)) return { missing: `Triton has no backend for Python ${version}` };
  // The wheel keeps the stubs beside the backend, which looks for its stub inside its own folder.
  const backends = path.join(folder, 'backends');
  cpSync(path.join(triton, 'backends', 'python'), path.join(backends, 'python'), { recursive: true });
  copyFileSync(stub, path.join(backends, 'python', 'triton_python_backend_stub'));
  const repository = path.join(folder, 'models');
  const versionFolder = path.join(repository, model, '1');
  mkdirSync(versionFolder, { recursive: true });
  writeFileSync(path.join(repository, model, 'config.pbtxt'), tritonConfig);
  copyFileSync(peerFile('triton_model.py'), path.join(versionFolder, 'model.py'));
  writeFileSync(path.join(versionFolder, 'packages.txt'), packages);
  copyFileSync(onnxFile, path.join(versionFolder, 'model.onnx'));
  const nvidiaLibraries = path.join(packages, 'nvidia_pytriton.libs');
  return {
    of: ({ http, grpc }) => ({
      program: path.join(triton, 'bin', 'tritonserver'),
      args: [
        ...['--model-repository', repository, '--backend-directory', backends, '--allow-metrics=false'],
        ...['--http-address', '127.0.0.1', '--http-port', String(http)],
        ...['--grpc-address', '127.0.0.1', '--grpc-port', String(grpc)],
      ],
      env: { ...process.env, LD_LIBRARY_PATH: `${nvidiaLibraries}:${libraries}` },
    }),
  };
}

const START_MS = 120_000;
const STOP_MS = 15_000;

/** Starts a server on free ports and waits until its model is ready. */
async function startServer(name: ServerName, command: (ports: Ports) => Command): Promise<Server> {
  const [http, grpc, metrics] = await freePorts(3);
  const { program, args, env } = command({ http, grpc, metrics });
  const since = performance.now();
  const child = spawn(program, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-4000)));
  }
  child.once('error', (error) => (printed += error.message));
  const url = `http://127.0.0.1:${http}`;
  while (!(await isReady(`${url}/v2/models/${model}/ready`))) {
    if (child.exitCode !== null || child.pid === undefined || performance.now() - since > START_MS) {
      await stopChild(child);
      throw new ResultError(
        `${name}: expected it to become ready, it did not: ${lastLine(printed)}; run the bench without it (--systems)`,
      );
    }
    await sleep(10);
  }
  return {
    pid: child.pid ?? 0,
    http: url,
    grpc: `127.0.0.1:${grpc}`,
    metrics: `http://127.0.0.1:${metrics}`,
    startS: (performance.now() - since) / 1000,
    stop: () => stopChild(child),
  };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ status }) => status === 200,
    () => false,
  );
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const listening = servers.map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => {
          resolve((server.address() as AddressInfo).port);
        });
      }),
  );
  const ports = await Promise.all(listening);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Requests of the model since the service's start, by the statistics extension. */
export async function countRequests({ http }: Server): Promise<{ success: number; fail: number }> {
  const body = (await (await fetch(`${http}/v2/models/${model}/stats`)).json()) as {
    model_stats: { inference_stats: Record<'success' | 'fail', { count: number }> }[];
  };
  const { success, fail } = body.model_stats[0].inference_stats;
  return { success: success.count, fail: fail.count };
}
