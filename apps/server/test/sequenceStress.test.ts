import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrpcClient } from './support/grpcClient.ts';
import { seeded } from './support/seeded.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';
import { grpcSteps, httpSteps } from './support/stepClient.ts';
import type { AskStep } from './support/stepClient.ts';
import { feedOf, undisturbedRun } from './support/undisturbed.ts';

let service: ServiceProcess;
let client: GrpcClient;
let undisturbed: Awaited<ReturnType<typeof undisturbedRun>>;

beforeAll(async () => {
  service = await startService(undefined, ['--grpc-port', '0']);
  client = new GrpcClient(service.ready.grpc ?? '');
  undisturbed = await undisturbedRun();
});
afterAll(async () => {
  client.close();
  await service.stop();
});

/** Steps a sequence from its start, and holds each value against an undisturbed run's, bit for bit. */
async function walk(ask: AskStep, id: string, seed: number, steps: number, end: boolean): Promise<void> {
  const expected = await undisturbed(seed, steps);
  for (let step = 0; step < steps; step++) {
    const last = step === steps - 1;
    const asked = { id, value: feedOf(seed, step), start: step === 0, end: end && last };
    expect(await ask(asked)).toEqual({ kind: 'value', value: expected[step], step: step + 1 });
  }
}

/** Triton's L0_sequence_stress: 8 threads, these shares of kinds, lengths about 16 with a deviation of 8. */
const THREADS = 8;
/** Triton has 200 a thread: ONDA_STRESS=200. */
const ITERATIONS = Number(process.env['ONDA_STRESS'] ?? 15);

describe.each<[name: string, ask: () => AskStep]>([
  ['HTTP', () => httpSteps(() => service.url)],
  ['gRPC', () => grpcSteps(client)],
])('the sequence stress mix over %s', (name, askOf) => {
  it('gives no wrong value', async () => {
    const ask = askOf();
    const thread = async (index: number): Promise<void> => {
      const random = seeded(index + 1);
      const length = (): number => {
        const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
        return Math.max(1, Math.round(16 + 8 * normal));
      };
      for (let turn = 0; turn < ITERATIONS; turn++) {
        const id = `${name}-${index}-${turn}`;
        const seed = index * ITERATIONS + turn;
        const kind = random();
        if (kind < 0.01) {
          // No start.
          expect(await ask({ id, value: 1 })).toMatchObject({ kind: 'refused', status: 404 });
        } else if (kind < 0.05) {
          // No end; its id stays taken.
          await walk(ask, id, seed, length(), false);
          expect(await ask({ id, value: 1, start: true })).toMatchObject({ status: 409 });
        } else if (kind < 0.1) {
          // A sequence with its end, then one with the same id that stays open.
          await walk(ask, id, seed, length(), true);
          await walk(ask, id, seed + 1, length(), false);
        } else if (kind < 0.15) {
          // Two of the same id, one after the other.
          await walk(ask, id, seed, length(), true);
          await walk(ask, id, seed + 1, length(), true);
        } else {
          await walk(ask, id, seed, length(), true);
        }
      }
    };
    await Promise.all(Array.from({ length: THREADS }, (_, index) => thread(index)));
  }, 600_000);
});

/** The whole of it: ONDA_SEQUENCES=1000x20. */
describe('sequences in memory', () => {
  it('have the values of undisturbed ones, interleaved at random over HTTP and gRPC', async () => {
    const [sequences, steps] = (process.env['ONDA_SEQUENCES'] ?? '200x8').split('x').map(Number);
    const random = seeded(3);
    const ways = [httpSteps(() => service.url), grpcSteps(client)];
    const got = Array.from({ length: sequences }, () => [] as number[]);
    const idle = got.map((_, sequence) => sequence);
    const worker = async (): Promise<void> => {
      while (idle.length > 0) {
        const [sequence] = idle.splice(Math.floor(random() * idle.length), 1);
        const step = got[sequence].length;
        const outcome = await ways[random() < 0.5 ? 0 : 1]({
          id: `m${sequence}`,
          value: feedOf(sequence, step),
          start: step === 0,
          end: step === steps - 1,
        });
        expect(outcome).toMatchObject({ kind: 'value', step: step + 1 });
        if (outcome.kind === 'value') got[sequence].push(outcome.value);
        if (got[sequence].length < steps) idle.push(sequence);
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    for (const [sequence, values] of got.entries()) {
      expect(values).toEqual([...(await undisturbed(sequence, steps))]);
    }
  }, 600_000);
});
