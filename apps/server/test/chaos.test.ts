import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRedis, RedisServer } from '@onda/serving/testing';
import { seeded } from './support/seeded.ts';
import { exitOf, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';
import { httpSteps } from './support/stepClient.ts';
import { feedOf, undisturbedRun } from './support/undisturbed.ts';

/** The whole of it: ONDA_CHAOS=1000x20; here as much as fits beside other tests. */
const [SEQUENCES, STEPS] = (process.env['ONDA_CHAOS'] ?? '200x10').split('x').map(Number);
/** Requests under way at a time. */
const CLIENTS = 24;
const hasRedis = findRedis() !== undefined;

let redis: RedisServer;
const replicas: ServiceProcess[] = [];

const startReplica = (): Promise<ServiceProcess> =>
  startService(undefined, ['--state', redis.url, '--sequence-idle-s', '600']);

beforeAll(async () => {
  if (!hasRedis) return;
  redis = await RedisServer.start();
  replicas.push(...(await Promise.all([startReplica(), startReplica()])));
});
afterAll(async () => {
  for (const replica of replicas) await replica.stop();
  await redis.stop();
});

/** Kills a replica, and starts another in its place. */
async function replace(index: number): Promise<void> {
  const { process: child } = replicas[index];
  const exit = exitOf(child);
  child.kill('SIGKILL');
  await exit;
  replicas[index] = await startReplica();
}

/** Stops a replica as an orchestrator does: it completes the accepted requests. */
async function retire(index: number): Promise<void> {
  const old = replicas[index];
  replicas[index] = await startReplica();
  expect(await old.stop()).toBe(0);
}

/** Kills Redis, and restarts it with the data that it had written. */
async function restartRedis(): Promise<void> {
  await redis.kill();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await redis.restart();
}

describe.skipIf(!hasRedis)('sequences over two replicas and Redis', () => {
  it('have the values of undisturbed ones, none lost and none doubled, though replicas and Redis are killed', async () => {
    const random = seeded(1);
    const undisturbed = await undisturbedRun();
    const got = Array.from({ length: SEQUENCES }, () => [] as number[]);
    const idle = got.map((_, sequence) => sequence);
    const refusals = new Map<number, number>();
    const troubles = [() => replace(0), restartRedis, () => replace(1), () => retire(0)];
    const underWay: Promise<void>[] = [];
    let done = 0;

    const step = async (sequence: number): Promise<void> => {
      const number = got[sequence].length + 1;
      for (;;) {
        const replica = random() < 0.5 ? 0 : 1;
        const outcome = await httpSteps(() => replicas[replica].url)({
          id: `s${sequence}`,
          value: feedOf(sequence, number - 1),
          start: number === 1,
          end: number === STEPS,
          step: number,
        });
        if (outcome.kind === 'value') {
          expect(outcome.step).toBe(number);
          got[sequence].push(outcome.value);
          return;
        }
        // Only failures that leave the step undecided: no response, or the store is down.
        expect([0, 503], outcome.text).toContain(outcome.status);
        refusals.set(outcome.status, (refusals.get(outcome.status) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const client = async (): Promise<void> => {
      while (idle.length > 0) {
        const [sequence] = idle.splice(Math.floor(random() * idle.length), 1);
        await step(sequence);
        if (got[sequence].length < STEPS) idle.push(sequence);
        done++;
        // One trouble after each part of the steps.
        const due = Math.floor(((troubles.length + 1) * done) / (SEQUENCES * STEPS));
        if (underWay.length < Math.min(due, troubles.length)) underWay.push(troubles[underWay.length]());
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    await Promise.all(underWay);

    expect(underWay).toHaveLength(troubles.length);
    expect(refusals.get(0)).toBeGreaterThan(0);
    expect(refusals.get(503)).toBeGreaterThan(0);
    for (const [sequence, values] of got.entries()) {
      expect(values).toEqual([...(await undisturbed(sequence, STEPS))]);
    }
    const ended = await httpSteps(() => replicas[0].url)({ id: 's0', value: 0 });
    expect(ended).toMatchObject({ status: 410, text: 'sequence "s0" has ended; start it again' });
  }, 600_000);
});
