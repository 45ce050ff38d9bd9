import { afterEach, describe, expect, it } from 'vitest';
import { findRedis, RedisCluster, RedisServer } from '@onda/serving/testing';
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

interface Store {
  readonly url: string;
  /** What happens to it on the way. */
  readonly troubles: readonly (() => Promise<void>)[];
  stop(): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function startRedis(): Promise<Store> {
  const redis = await RedisServer.start();
  /** Kills Redis, and restarts it with the data that it had written. */
  const restart = async (): Promise<void> => {
    await redis.kill();
    await pause(300);
    await redis.restart();
  };
  return { url: redis.url, troubles: [restart], stop: () => redis.stop() };
}

/** Three masters with a replica each. */
async function startCluster(): Promise<Store> {
  const cluster = await RedisCluster.start();
  /** One trouble at a time: a slot whose node dies while it moves has to be repaired by hand. */
  let last = Promise.resolve();
  const inTurn = (trouble: () => Promise<void>) => (): Promise<void> => (last = last.then(trouble));
  /** Kills a master; its replica takes over, and it returns as a replica. */
  const failOver = async (): Promise<void> => {
    const [victim] = await cluster.masters();
    await cluster.kill(victim);
    await cluster.replaced(victim);
    await cluster.restart(victim);
    await cluster.healthy();
  };
  /** Moves the slots of some sequences, and that of the model's counts, while they are stepped. */
  const reshard = async (): Promise<void> => {
    const ids = Array.from({ length: Math.min(SEQUENCES / 20, 30) }, (_, sequence) => `s${sequence}`);
    const keys = ['onda:leases:{lagged-sine}', ...ids.map((id) => `onda:sequence:{lagged-sine/${id}}`)];
    const slots = await Promise.all(
      keys.map(async (key) => Number(await cluster.cli(0, 'CLUSTER', 'KEYSLOT', key))),
    );
    for (const slot of slots) {
      const from = await cluster.masterOf(slot);
      const to = (await cluster.masters()).find((index) => index !== from) ?? from;
      await cluster.moveSlot(slot, to, () => pause(20));
    }
    for (const slot of slots) await cluster.agreed(slot);
  };
  return { url: cluster.url, troubles: [inTurn(reshard), inTurn(failOver)], stop: () => cluster.stop() };
}

let store: Store;
const replicas: ServiceProcess[] = [];

const startReplica = (): Promise<ServiceProcess> =>
  startService(undefined, ['--state', store.url, '--sequence-idle-s', '600']);

afterEach(async () => {
  for (const replica of replicas.splice(0)) {
    const { exitCode, signalCode } = replica.process;
    if (exitCode === null && signalCode === null) await replica.stop();
  }
  await store.stop();
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

describe.skipIf(!hasRedis).each<[name: string, start: () => Promise<Store>]>([
  ['Redis', startRedis],
  ['Redis Cluster', startCluster],
])('sequences over two replicas and %s', (_name, start) => {
  it('have the values of undisturbed ones, none lost and none doubled, though replicas and nodes of the store are killed', async () => {
    store = await start();
    replicas.push(...(await Promise.all([startReplica(), startReplica()])));
    const random = seeded(1);
    const undisturbed = await undisturbedRun();
    const got = Array.from({ length: SEQUENCES }, () => [] as number[]);
    const idle = got.map((_, sequence) => sequence);
    const refusals = new Map<number, number>();
    const troubles = [() => replace(0), ...store.troubles, () => replace(1), () => retire(0)];
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
        await pause(20);
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
