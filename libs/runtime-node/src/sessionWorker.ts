import { Socket } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { ModelError, toErrorMessage } from '@onda/contract';
import type { Runtime, Session } from '@onda/runtime';
import { createNodeRuntime } from './nodeRuntime.ts';
import { MODEL_PIPE } from './sessionProcess.ts';
import type { Call, Reply, WorkerPost, WorkerSettings } from './workerMessages.ts';

/**
 * The worker of `createWorkerRuntime`, as a thread or a process: keeps the sessions and executes the calls in order.
 *
 * The replies of a batch are sent together, but earlier ones are sent before a long run finishes.
 */
const REPLY_AFTER_MS = 1;

interface Port {
  readonly settings: WorkerSettings;
  post: (post: WorkerPost, transfer: ArrayBuffer[]) => void;
  listen: (listener: (calls: Call[]) => void) => void;
  /** Reads a model that is sent through the pipe. */
  readModel: (bytes: number) => Promise<Uint8Array>;
}

const port = parentPort === null ? processPort() : threadPort(parentPort);

const runtime = await createNodeRuntime({
  ...port.settings,
  onWarning: (text) => {
    port.post({ kind: 'warning', text }, []);
  },
});
const sessions = new Map<number, Session>();

let last = Promise.resolve();
port.listen((calls) => {
  last = last.then(() => answer(calls));
});
port.post({ kind: 'ready' }, []);

function threadPort(parent: NonNullable<typeof parentPort>): Port {
  return {
    settings: workerData as WorkerSettings,
    post: (post, transfer) => {
      parent.postMessage(post, transfer);
    },
    listen: (listener) => {
      parent.on('message', listener);
    },
    readModel: () => Promise.reject(new Error('a thread receives models in messages')),
  };
}

function processPort(): Port {
  if (process.send === undefined) throw new Error('sessionWorker.ts runs in a worker thread or a process');
  const pipe = new Socket({ fd: MODEL_PIPE });
  process.on('disconnect', () => process.exit());
  // The parent ends this process; a signal of the terminal reaches both.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  // During a run this thread does not notice that the parent has ended.
  const watch = `const parent = process.ppid; setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  new Worker(watch, { eval: true, execArgv: [] }).unref();
  return {
    settings: JSON.parse(process.argv[2]) as WorkerSettings,
    post: (post) => process.send?.(post),
    listen: (listener) => {
      process.on('message', listener);
    },
    readModel: (bytes) => readFrom(pipe, bytes),
  };
}

async function readFrom(pipe: Socket, bytes: number): Promise<Uint8Array> {
  const all = new Uint8Array(bytes);
  for (let at = 0; at < bytes;) {
    const part = pipe.read(Math.min(bytes - at, pipe.readableLength || 1)) as Buffer | null;
    if (part === null) {
      await new Promise((resolve) => pipe.once('readable', resolve));
      continue;
    }
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function answer(calls: Call[]): Promise<void> {
  let replies: Reply[] = [];
  let session = 0;
  let since = performance.now();
  for (const call of calls) {
    // The parent takes the first call without a reply for the one that runs: it must be of the same session.
    const isOther = call.session !== session;
    if (replies.length > 0 && (isOther || performance.now() - since > REPLY_AFTER_MS)) {
      post(replies, false);
      replies = [];
      since = performance.now();
    }
    ({ session } = call);
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
    const model = typeof call.model === 'number' ? await port.readModel(call.model) : call.model;
    const started = performance.now();
    const session = await runtime.createSession(model);
    sessions.set(call.session, session);
    const { inputs, outputs, provider } = session;
    const milliseconds = performance.now() - started;
    return { kind: 'created', id, info: { inputs, outputs, provider }, milliseconds };
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
  port.post({ kind: 'replies', replies, batchDone }, transfer);
}
