import { describe, expect, it } from 'vitest';
import { CallQueue } from './workerClient.ts';
import type { Call } from './workerMessages.ts';

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
