import { parentPort, workerData } from 'node:worker_threads';
import { ModelError, toErrorMessage } from '@onda/contract';
import type { Runtime, Session } from '@onda/runtime';
import { createNodeRuntime } from './nodeRuntime.ts';
import type { Call, Reply, WorkerPost, WorkerSettings } from './workerMessages.ts';

/**
 * The worker thread of `createWorkerRuntime`: keeps the sessions and executes the calls in order.
 *
 * The replies of a batch are sent together, but earlier ones are sent before a long run finishes.
 */
const REPLY_AFTER_MS = 1;

if (parentPort === null) throw new Error('sessionWorker.ts runs in a worker thread only');
const port = parentPort;

const runtime = await createNodeRuntime({
  ...(workerData as WorkerSettings),
  onWarning: (text) => {
    port.postMessage({ kind: 'warning', text } satisfies WorkerPost);
  },
});
const sessions = new Map<number, Session>();

let last = Promise.resolve();
port.on('message', (calls: Call[]) => {
  last = last.then(() => answer(calls));
});
port.postMessage({ kind: 'ready' } satisfies WorkerPost);

async function answer(calls: Call[]): Promise<void> {
  let replies: Reply[] = [];
  let since = performance.now();
  for (const call of calls) {
    if (replies.length > 0 && performance.now() - since > REPLY_AFTER_MS) {
      post(replies, false);
      replies = [];
      since = performance.now();
    }
    replies.push(await perform(call));
  }
  post(replies, true);
}

async function perform(call: Call): Promise<Reply> {
  try {
    return await performOn(runtime, call);
  } catch (error) {
    return { kind: 'failed', id: call.id, error: toErrorMessage(error) };
  }
}

async function performOn(runtime: Runtime, call: Call): Promise<Reply> {
  const { id } = call;
  if (call.kind === 'create') {
    const session = await runtime.createSession(call.model);
    sessions.set(call.session, session);
    const { inputs, outputs, provider } = session;
    return { kind: 'created', id, info: { inputs, outputs, provider } };
  }
  const session = sessions.get(call.session);
  if (session === undefined) throw new ModelError('the session is not loaded; reload the model');
  if (call.kind === 'run') {
    const started = performance.now();
    const tensors = await session.run(call.feeds, call.fetches);
    return { kind: 'ran', id, tensors, milliseconds: performance.now() - started };
  }
  sessions.delete(call.session);
  await session.release();
  return { kind: 'released', id };
}

/** Smaller results are cheaper to copy than to transfer. */
const TRANSFER_FROM_BYTES = 65_536;

function post(replies: Reply[], batchDone: boolean): void {
  const transfer: ArrayBuffer[] = [];
  for (const reply of replies) {
    if (reply.kind !== 'ran') continue;
    for (const { data } of Object.values(reply.tensors)) {
      if (Array.isArray(data)) continue;
      const { buffer } = data;
      if (buffer instanceof ArrayBuffer && buffer.byteLength >= TRANSFER_FROM_BYTES) transfer.push(buffer);
    }
  }
  port.postMessage({ kind: 'replies', replies, batchDone } satisfies WorkerPost, transfer);
}
