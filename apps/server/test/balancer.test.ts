import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrpcClient } from './support/grpcClient.ts';
import { findRedis, freePort, RedisServer } from '@onda/serving/testing';
import { exitOf, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';
import { grpcSteps, httpSteps } from './support/stepClient.ts';
import { feedOf, undisturbedRun } from './support/undisturbed.ts';

const haproxy = process.env.ONDA_HAPROXY;
const canRun = haproxy !== undefined && findRedis() !== undefined;

let folder: string;
let redis: RedisServer;
const replicas: ServiceProcess[] = [];
let balancer: ChildProcess;
let http: number;
let grpc: number;

/** deploy/haproxy.cfg with the addresses of this test; nothing else is changed. */
async function configFor(): Promise<string> {
  let text = await readFile(new URL('../../../deploy/haproxy.cfg', import.meta.url), 'utf8');
  const replace = (from: string, to: string): void => {
    expect(text).toContain(from);
    text = text.replace(from, to);
  };
  replace('check port 8000', 'check');
  replace('bind :8000', `bind 127.0.0.1:${http}`);
  replace('bind :8001', `bind 127.0.0.1:${grpc}`);
  for (const [index, { port, ready }] of replicas.entries()) {
    const name = `onda-${index + 1}`;
    replace(`${name} ${name}:8000`, `${name} 127.0.0.1:${port} port ${port}`);
    replace(`${name} ${name}:8001`, `${name} ${ready.grpc ?? ''} port ${port}`);
  }
  return text;
}

beforeAll(async () => {
  if (!canRun) return;
  folder = await mkdtemp(join(tmpdir(), 'onda-balancer-'));
  redis = await RedisServer.start();
  // As in deploy/compose.yaml, but shorter: two checks a second apart find out within it.
  const options = ['--grpc-port', '0', '--state', redis.url, '--drain-delay-ms', '3000'];
  replicas.push(...(await Promise.all([startService(undefined, options), startService(undefined, options)])));
  [http, grpc] = [await freePort(), await freePort()];
  await writeFile(join(folder, 'haproxy.cfg'), await configFor());
  balancer = spawn(haproxy, ['-db', '-f', join(folder, 'haproxy.cfg')]);
});
afterAll(async () => {
  if (!canRun) return;
  const ended = exitOf(balancer);
  balancer.kill('SIGTERM');
  await ended;
  await Promise.all(replicas.map((replica) => replica.stop()));
  await redis.stop();
  await rm(folder, { recursive: true });
});

describe.skipIf(!canRun)('the balancer of deploy/, before two replicas', () => {
  it('sends HTTP and gRPC to both, and loses nothing when one is stopped', { timeout: 60_000 }, async () => {
    const expected = await (await undisturbedRun())(0, 40);
    const client = new GrpcClient(`127.0.0.1:${grpc}`);
    const [viaHttp, viaGrpc] = [httpSteps(() => `http://127.0.0.1:${http}`), grpcSteps(client)];
    // Until the replicas were found ready for both.
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${http}/v2/health/ready`)).status).toBe(200);
    await expect
      .poll(() => client.call('ServerReady', {}).catch(() => undefined), { timeout: 10_000 })
      .toEqual({ ready: true });

    const values: number[] = [];
    for (let step = 1; step <= expected.length; step++) {
      if (step === 10) replicas[0].process.kill('SIGTERM');
      const way = step % 2 === 0 ? viaGrpc : viaHttp;
      const outcome = await way({ id: 'both', value: feedOf(0, step - 1), start: step === 1 });
      expect(outcome).toMatchObject({ kind: 'value', step });
      if (outcome.kind === 'value') values.push(outcome.value);
      // The stop is in the middle: two checks, the delay, and the time after it.
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(values).toEqual([...expected]);
    expect(await exitOf(replicas[0].process)).toBe(0);
    client.close();
  });
});
