import { EventEmitter } from 'node:events';
import type { RuntimeTensor } from '@onda/runtime';
import { WorkerClient } from './workerClient.ts';
import { CallQueue } from './workerLane.ts';
import type { Call, Reply, WorkerHost } from './workerMessages.ts';
import { describe, expect, it, vi } from 'vitest';

function release(id: number): Call {
  return { kind: 'release', id, session: 0 };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function queueWithPosts(): { queue: CallQueue; posts: number[][] } {
  const posts: number[][] = [];
  const queue = new CallQueue((calls) => posts.push(calls.map((call) => call.id)));
  return { queue, posts };
}

describe(CallQueue, () => {
  it('sends the calls of one turn together, in their order', async () => {
    const { queue, posts } = queueWithPosts();
    queue.add(release(1));
    queue.add(release(2));
    expect(posts).toEqual([]);
    await turn();
    expect(posts).toEqual([[1, 2]]);
  });

  it('keeps at most two batches in flight and sends queued calls as one batch', async () => {
    const { queue, posts } = queueWithPosts();
    for (const id of [1, 2, 3, 4]) {
      queue.add(release(id));
      await turn();
    }
    expect(posts).toEqual([[1], [2]]);
    queue.batchDone();
    expect(posts).toEqual([[1], [2], [3, 4]]);
  });

  it('starts afresh with another worker', async () => {
    const { queue, posts } = queueWithPosts();
    for (const id of [1, 2, 3]) {
      queue.add(release(id));
      await turn();
    }
    queue.clear();
    queue.add(release(4));
    await turn();
    expect(posts).toEqual([[1], [2], [4]]);
  });
});

/** A worker that answers nothing by itself. */
class FakeHost extends EventEmitter implements WorkerHost {
  readonly calls: Call[] = [];
  ended = false;

  constructor() {
    super();
    setImmediate(() => this.emit('message', { kind: 'ready' }));
  }

  postMessage(calls: Call[]): void {
    this.calls.push(...calls);
  }

  terminate(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }

  /** Answers the first calls that have no answer yet. */
  answer(count = 1): void {
    for (let index = 0; index < count; index++) this.#answerOne();
  }

  #answerOne(): void {
    const call = this.calls.shift();
    if (call === undefined) throw new Error('no call');
    const { id } = call;
    const info = { inputs: [], outputs: [], provider: 'cpu' };
    const reply: Reply =
      call.kind === 'create'
        ? { kind: 'created', id, info, milliseconds: 1 }
        : call.kind === 'run'
          ? { kind: 'ran', id, tensors: {}, milliseconds: 1 }
          : { kind: 'released', id };
    this.emit('message', { kind: 'replies', replies: [reply], batchDone: this.calls.length === 0 });
  }

  get kinds(): string[] {
    return this.calls.map(({ kind, session }) => `${kind} ${session}`);
  }
}

const feeds: Record<string, RuntimeTensor> = {};

/** A client with two sessions on a fake worker. */
async function clientWithTwo(runMs: number): Promise<{
  client: WorkerClient;
  hosts: FakeHost[];
  slow: number[];
  warnings: string[];
}> {
  const hosts: FakeHost[] = [];
  const slow: number[] = [];
  const warnings: string[] = [];
  const start = (): FakeHost => {
    hosts.push(new FakeHost());
    return hosts[hosts.length - 1];
  };
  const client = new WorkerClient(start, {
    onWarning: (text) => warnings.push(text),
    limits: { loadMs: 60, runMs },
  });
  await client.ready;
  for (const session of [1, 2]) {
    const created = client.create(new Uint8Array(session), { onSlow: () => slow.push(session) });
    await vi.waitFor(() => {
      hosts[0].answer();
    });
    await created;
  }
  return { client, hosts, slow, warnings };
}

describe(WorkerClient, () => {
  it('runs other sessions on a new worker while a slow run completes', async () => {
    const { client, hosts, slow } = await clientWithTwo(2000);
    const long = client.run(1, feeds, undefined);
    const short = client.run(2, feeds, undefined);
    await vi.waitFor(
      () => {
        expect(hosts[1]?.kinds).toEqual(['create 1', 'create 2', 'run 2']);
      },
      { timeout: 10_000 },
    );
    expect(slow).toEqual([1]);
    hosts[1].answer(3);
    await short;
    expect(hosts[0].ended).toBe(false);
    hosts[0].answer();
    await long;
    expect(hosts[0].ended).toBe(true);
    expect(hosts).toHaveLength(2);
  });

  it('ends the worker of a run beyond its time limit, and sends the calls of other sessions to a new one', async () => {
    const { client, hosts, warnings } = await clientWithTwo(60);
    hosts[0].terminate = () => {
      hosts[0].ended = true;
      // A thread in native code does not end.
      return new Promise(() => undefined);
    };
    const endless = client.run(1, feeds, undefined);
    const short = client.run(2, feeds, undefined);
    await expect(endless).rejects.toMatchObject({
      code: 'run-timeout',
      message:
        "the run of the model did not end within 0.06 s and was stopped; send less at a time, or raise the model's time limit",
    });
    expect(hosts[0].ended).toBe(true);
    const last = hosts[hosts.length - 1];
    await vi.waitFor(() => {
      expect(last.kinds).toEqual(['create 1', 'create 2', 'run 2']);
    });
    last.answer(3);
    await short;
    expect(warnings.filter((text) => text.includes('restarted')).length).toBeLessThan(2);
    const again = client.run(1, feeds, undefined);
    await vi.waitFor(() => {
      last.answer();
    });
    await again;
  });

  it('does not load a model again that did not load within the time limit', async () => {
    const { client, hosts } = await clientWithTwo(10_000);
    const endless = client.create(new Uint8Array(3));
    const short = client.run(2, feeds, undefined);
    await expect(endless).rejects.toThrow('the model did not load within 0.06 s and loading was stopped');
    await vi.waitFor(() => {
      expect(hosts[1].kinds).toEqual(['create 1', 'create 2', 'run 2']);
    });
    hosts[1].answer(3);
    await short;
  });
});
