import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { floatTensor } from '@onda/runtime';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { createNodeRuntime, WorkerError } from '@onda/runtime-node';
import { describe, expect, it } from 'vitest';
import { Batcher } from './batcher.ts';
import type { BatchOptions } from './batcher.ts';
import { ModelStats } from './modelStats.ts';
import type { Tensors } from './tensorRows.ts';

/**
 * Rows of one run against the same rows one by one: ONNX Runtime's matrix product adds in another order for another number of
 * rows. float32, 32 units, 20 samples; at most 2.4e-7 was measured.
 */
const JOINED_ATOL = 1e-6;

const options: BatchOptions = { maxRows: 4, maxValues: 1000, delayUs: 0, maxWaiting: 100 };
const model = fileURLToPath(new URL('../../../examples/models/lagged-sine/1/model.onnx', import.meta.url));

/** Doubles x; every run waits until `open` is called, and is written down. */
function gatedSession(): { session: Session; runs: number[][]; open: () => void } {
  const runs: number[][] = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const shape = ['batch', 'time'];
  const session: Session = {
    inputs: [{ name: 'x', type: 'float32', shape }],
    outputs: [{ name: 'y', type: 'float32', shape }],
    provider: 'fake',
    run: async ({ x }) => {
      runs.push([...x.data].map(Number));
      await gate;
      if (x.data.includes(13 as never)) throw new RangeError('13 does not run');
      const data = Float32Array.from(x.data as Float32Array, (value) => value * 2);
      return { y: { type: 'float32', dims: x.dims, data } };
    },
    release: () => Promise.resolve(),
  };
  return { session, runs, open };
}

const x = (...values: number[]): Tensors => ({ x: floatTensor([1, values.length], values) });
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
const valuesOf = async (answer: Promise<Record<string, RuntimeTensor>>): Promise<number[]> => {
  const { y } = await answer;
  expect(y.dims).toEqual([1, y.data.length]);
  return [...(y.data as Float32Array)];
};

/** Two runs under way, so that what comes next waits. */
async function busy(batcher: Batcher): Promise<void> {
  for (const value of [1, 2]) {
    void batcher.run(x(value), ['y']);
    await turn();
  }
}

describe(Batcher, () => {
  it('batches waiting requests in order, up to the maximum rows, and returns each its rows', async () => {
    const { session, runs, open } = gatedSession();
    const stats = new ModelStats();
    const batcher = new Batcher(session, options, stats);
    await busy(batcher);
    const answers = [3, 4, 5, 6, 7].map((value) => valuesOf(batcher.run(x(value), ['y'])));
    expect(stats.pending).toBe(5);
    open();
    expect(await Promise.all(answers)).toEqual([[6], [8], [10], [12], [14]]);
    expect(runs).toEqual([[1], [2], [3, 4, 5, 6], [7]]);
    expect(stats).toMatchObject({ rows: 7, runs: 4, pending: 0 });
    expect(stats.batches.slice(0, 4)).toEqual([3, 0, 1, 0]);
  });

  it('batches only requests of equal time, and keeps their order', async () => {
    const { session, runs, open } = gatedSession();
    const batcher = new Batcher(session, options, new ModelStats());
    await busy(batcher);
    const answers = [x(3), x(4, 5), x(6)].map((feeds) => valuesOf(batcher.run(feeds, ['y'])));
    open();
    expect(await Promise.all(answers)).toEqual([[6], [8, 10], [12]]);
    expect(runs.slice(2)).toEqual([
      [3, 6],
      [4, 5],
    ]);
  });

  it('does not wait beyond the deadline of a request', async () => {
    const { session, runs, open } = gatedSession();
    open();
    const slow = { ...options, delayUs: 600_000_000 };
    const batcher = new Batcher(session, slow, new ModelStats(), () => 0);
    const patient = valuesOf(batcher.run(x(3), ['y']));
    await turn();
    expect(runs).toEqual([]);
    const hurried = valuesOf(batcher.run(x(4), ['y'], { deadline: 500_000 }));
    expect(await Promise.all([patient, hurried])).toEqual([[6], [8]]);
    expect(runs).toEqual([[3, 4]]);
  });

  it('runs requests separately if the model returns another number of rows, and stops batching it', async () => {
    const { session, runs, open } = gatedSession();
    open();
    // Leaves negative values out.
    const keeps: Session = {
      ...session,
      run: async (feeds) => {
        const { y } = await session.run(feeds);
        const kept = (y.data as Float32Array).filter((value) => value > 0);
        return { y: { type: 'float32', dims: [kept.length, 1], data: kept } };
      },
    };
    const batcher = new Batcher(keeps, options, new ModelStats());
    const ask = async (value: number, exact: boolean): Promise<number[]> => {
      const { y } = await batcher.run(x(value), ['y'], { exact });
      return [...(y.data as Float32Array)];
    };
    expect(await Promise.all([3, -1, 4].map((value) => ask(value, false)))).toEqual([[6], [], [8]]);
    expect(await Promise.all([-2, 5].map((value) => ask(value, true)))).toEqual([[], [10]]);
    expect(runs).toEqual([[3, -1, 4], [3], [-1], [4], [-2], [5]]);
  });

  it('stops waiting at a preferred number of rows, and runs no more than those', async () => {
    const { session, runs, open } = gatedSession();
    open();
    const preferred = { ...options, maxRows: 8, delayUs: 600_000_000, preferred: [2, 4] };
    const batcher = new Batcher(session, preferred, new ModelStats());
    const answers = [3, 4, 5, 6, 7].map((value) => valuesOf(batcher.run(x(value), ['y'])));
    await Promise.all(answers.slice(0, 4));
    expect(runs).toEqual([[3, 4, 5, 6]]);
    // One is too few: it waits for the next.
    await turn();
    const sixth = valuesOf(batcher.run(x(8), ['y']));
    expect(await Promise.all([answers[4], sixth])).toEqual([[14], [16]]);
    expect(runs.slice(1)).toEqual([[7, 8]]);
  });

  it('does not run a request whose client has disconnected, and runs another in its place', async () => {
    const { session, runs, open } = gatedSession();
    const batcher = new Batcher(session, { ...options, maxWaiting: 1 }, new ModelStats());
    await busy(batcher);
    const gone = batcher.run(x(3), ['y'], { isGone: () => true });
    const message = 'the client closed the request before the model ran; nothing was run, send it again';
    const checked = expect(gone).rejects.toMatchObject({ code: 'canceled', message });
    const answer = valuesOf(batcher.run(x(4), ['y']));
    open();
    expect(await answer).toEqual([8]);
    await checked;
    expect(runs).toEqual([[1], [2], [4]]);
  });

  it('runs lower priority numbers first, and equal ones in the order of arrival', async () => {
    const { session, runs, open } = gatedSession();
    const batcher = new Batcher(session, { ...options, maxRows: 1 }, new ModelStats());
    await busy(batcher);
    const answers = [5, 1, 5, 1, 3].map((priority, at) =>
      valuesOf(batcher.run(x(at + 3), ['y'], { priority })),
    );
    open();
    expect(await Promise.all(answers)).toEqual([[6], [8], [10], [12], [14]]);
    expect(runs.slice(2).flat()).toEqual([4, 6, 7, 3, 5]);
  });

  it('does not run a request whose timeout has passed, and gives its place to another', async () => {
    const { session, runs, open } = gatedSession();
    let now = 0;
    const stats = new ModelStats();
    const batcher = new Batcher(session, { ...options, maxWaiting: 2 }, stats, () => now);
    await busy(batcher);
    const message =
      "the request's timeout passed before the model ran; nothing was run; retry, or send a longer timeout";
    const late = [3, 4].map((value) =>
      expect(batcher.run(x(value), ['y'], { deadline: value })).rejects.toMatchObject({
        status: 408,
        message,
      }),
    );
    now = 3;
    const answer = valuesOf(batcher.run(x(5), ['y'], { deadline: 10 }));
    now = 4;
    open();
    expect(await answer).toEqual([10]);
    await Promise.all(late);
    expect(runs).toEqual([[1], [2], [5]]);
  });

  it('pads a single row where its values must be bit-identical to those in a batch', async () => {
    const { session, runs, open } = gatedSession();
    open();
    const stats = new ModelStats();
    const batcher = new Batcher(session, options, stats);
    expect(await valuesOf(batcher.run(x(3), ['y'], { exact: true }))).toEqual([6]);
    expect(await valuesOf(batcher.run(x(4), ['y']))).toEqual([8]);
    expect(runs).toEqual([[3, 3], [4]]);
    expect(stats.rows).toBe(2);
  });

  it('rejects requests when the queue is full, and accepts them again', async () => {
    const { session, open } = gatedSession();
    const batcher = new Batcher(session, { ...options, maxWaiting: 1 }, new ModelStats());
    await busy(batcher);
    const waiting = valuesOf(batcher.run(x(3), ['y']));
    await expect(batcher.run(x(4), ['y'])).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    open();
    expect(await waiting).toEqual([6]);
    expect(await valuesOf(batcher.run(x(5), ['y']))).toEqual([10]);
  });

  it('fails no request because of another one in the batch', async () => {
    const { session, open } = gatedSession();
    const batcher = new Batcher(session, options, new ModelStats());
    await busy(batcher);
    const good = valuesOf(batcher.run(x(3), ['y']));
    const bad = expect(batcher.run(x(13), ['y'])).rejects.toThrow('13 does not run');
    open();
    expect(await good).toEqual([6]);
    await bad;
  });

  it.each([16, 128])(
    'finds one bad request among %i in 2 log2 n runs, and answers the others',
    async (count) => {
      const { session, runs, open } = gatedSession();
      const batcher = new Batcher(
        session,
        { ...options, maxRows: count, maxWaiting: count },
        new ModelStats(),
      );
      await busy(batcher);
      const before = runs.length;
      const answers = Array.from({ length: count }, (_, index) =>
        batcher.run(x(index === 5 ? 13 : 100 + index), ['y']),
      );
      open();
      const settled = await Promise.allSettled(answers);
      expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1);
      expect(settled[5].status).toBe('rejected');
      expect(runs.length - before).toBeLessThanOrEqual(2 * Math.log2(count) + 1);
    },
  );

  it('does not repeat a run that ended the worker', async () => {
    const { session } = gatedSession();
    let runs = 0;
    const ended: Session = { ...session, run: () => Promise.reject(new WorkerError(`ended ${++runs}`)) };
    const batcher = new Batcher(ended, options, new ModelStats());
    const answers = await Promise.allSettled([batcher.run(x(1), ['y']), batcher.run(x(2), ['y'])]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(runs).toBe(1);
  });

  it.each([500, 20_000])(
    'waits %i microseconds for others, and no longer for a full batch',
    async (delayUs) => {
      const { session, runs, open } = gatedSession();
      open();
      let now = 0;
      const batcher = new Batcher(session, { ...options, delayUs }, new ModelStats(), () => now);
      const alone = batcher.run(x(1), ['y']);
      await turn();
      expect(runs).toEqual([]);
      const other = batcher.run(x(2), ['y']);
      now = delayUs / 1000;
      await Promise.all([alone, other]);
      expect(runs).toEqual([[1, 2]]);
      await Promise.all([3, 4, 5, 6].map((value) => batcher.run(x(value), ['y'])));
      expect(runs[1]).toEqual([3, 4, 5, 6]);
    },
  );

  it('rejects an invalid request before it is batched', async () => {
    const { session } = gatedSession();
    const batcher = new Batcher(session, options, new ModelStats());
    await expect(batcher.run({}, ['y'])).rejects.toThrow('input "x": missing; the inputs of the model are x');
  });

  it('returns the values of separate runs', async () => {
    const runtime = await createNodeRuntime({ provider: 'cpu' });
    const session = await runtime.createSession(await readFile(join(model)));
    const stats = new ModelStats();
    const batcher = new Batcher(session, { ...options, maxRows: 64, maxValues: 100_000 }, stats);
    const requests = Array.from({ length: 40 }, (_, row) => ({
      x: floatTensor(
        [1, 20, 1],
        Array.from({ length: 20 }, (_, sample) => Math.sin(row + sample / 7)),
      ),
      state_in: floatTensor(
        [1, 32],
        Array.from({ length: 32 }, (_, unit) => Math.cos(row * unit)),
      ),
    }));
    const joined = await Promise.all(requests.map((feeds) => batcher.run(feeds, ['y', 'state_out'])));
    expect(stats).toMatchObject({ rows: 40, runs: 1 });
    for (const [row, feeds] of requests.entries()) {
      const alone = await session.run(feeds);
      for (const name of ['y', 'state_out']) {
        expect(joined[row][name].dims).toEqual(alone[name].dims);
        const differences = Array.from(alone[name].data as Float32Array, (value, index) =>
          Math.abs(value - Number(joined[row][name].data[index])),
        );
        expect(Math.max(...differences)).toBeLessThanOrEqual(JOINED_ATOL);
      }
    }
  });
});
