import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResultError } from '@onda/contract';
import type { WorkerCommand } from '../worker/lineProcess.ts';

/** A server that answers. */
export interface ServerProcess {
  readonly pid: number;
  readonly http: string;
  /** `127.0.0.1:8001`. */
  readonly grpc: string;
  /** `http://127.0.0.1:8002`, where it has been told to serve metrics. */
  readonly metrics: string;
  /** From its start until it said that the model is ready, seconds. */
  readonly startS: number;
  stop(): Promise<void>;
}

const START_MS = 120_000;
const STOP_MS = 15_000;

/**
 * Starts a server and waits until its model is ready.
 *
 * @throws ResultError when it ends before, with the last it printed; nothing is left running then
 */
export async function startServer(
  name: string,
  model: string,
  command: (ports: { http: number; grpc: number; metrics: number }) => WorkerCommand,
): Promise<ServerProcess> {
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
  const stop = (): Promise<void> => stopChild(child);
  while (!(await isReady(`${url}/v2/models/${model}/ready`))) {
    if (child.exitCode !== null || child.pid === undefined || performance.now() - since > START_MS) {
      await stop();
      throw new ResultError(`${name} does not start: ${printed.trim().split('\n').slice(-3).join(' / ')}`);
    }
    await sleep(10);
  }
  const startS = (performance.now() - since) / 1000;
  return {
    pid: child.pid ?? 0,
    http: url,
    grpc: `127.0.0.1:${grpc}`,
    metrics: `http://127.0.0.1:${metrics}`,
    startS,
    stop,
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
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => {
            resolve((server.address() as AddressInfo).port);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
