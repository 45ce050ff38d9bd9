import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { runProgram } from '../command.ts';

export interface TritonServer {
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts the tritonserver of the PyPI package nvidia-pytriton on a model repository, ready when it returns. It has the Python backend
 * only, so each model's backend line is swapped, and a Python model runs its model.onnx.
 *
 * @param python     of tools/setup: a script beside the folder `site` of its packages
 * @param repository is changed
 * @param folder     an empty folder for further files of the server
 */
export async function startTriton(python: string, repository: string, folder: string): Promise<TritonServer> {
  const site = path.join(path.dirname(python), 'site');
  const home = path.join(site, 'pytriton/tritonserver');
  await layOutBackend(python, home, folder);
  for (const name of readdirSync(repository)) swapBackend(path.join(repository, name), site);
  const [http, grpc, metrics] = await freePorts(3);
  const local = '127.0.0.1';
  const server = spawn(
    path.join(home, 'bin/tritonserver'),
    [
      ...['--model-repository', repository, '--backend-directory', folder],
      ...['--http-address', local, '--http-port', http],
      ...['--grpc-address', local, '--grpc-port', grpc],
      ...['--metrics-address', local, '--metrics-port', metrics],
    ],
    {
      env: { ...process.env, LD_LIBRARY_PATH: path.join(site, 'nvidia_pytriton.libs') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  const url = `http://${local}:${http}/v2`;
  await untilReady(server, url, () => log);
  return { url, stop: () => stopped(server) };
}

/** The backend and the stub for this Python. */
async function layOutBackend(python: string, home: string, folder: string): Promise<void> {
  const { stdout } = await runProgram(python, [
    '-c',
    'import sys; print("%d.%d" % sys.version_info[:2], end="")',
  ]);
  const backend = path.join(folder, 'python');
  cpSync(path.join(home, 'backends/python'), backend, { recursive: true });
  const stub = 'triton_python_backend_stub';
  copyFileSync(path.join(home, 'python_backend_stubs', stdout, stub), path.join(backend, stub));
  chmodSync(path.join(backend, stub), 0o755);
}

function swapBackend(model: string, site: string): void {
  const config = path.join(model, 'config.pbtxt');
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace('backend: "onnxruntime"', 'backend: "python"'));
  const script = readFileSync(path.join(import.meta.dirname, 'model.py'), 'utf8');
  mkdirSync(path.join(model, '1'), { recursive: true });
  writeFileSync(path.join(model, '1/model.py'), script.replace('"SITE"', JSON.stringify(site)));
}

async function freePorts(count: number): Promise<string[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => {
            resolve(server);
          });
        }),
    ),
  );
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function untilReady(server: ChildProcess, url: string, log: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`tritonserver ended:\n${log()}`);
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  server.kill('SIGKILL');
  throw new Error(`tritonserver was not ready after a minute:\n${log()}`);
}

function stopped(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    server.once('close', () => {
      resolve();
    });
    server.kill('SIGTERM');
  });
}
