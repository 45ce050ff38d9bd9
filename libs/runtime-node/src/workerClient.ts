import type { Worker } from 'node:worker_threads';
import { fromErrorMessage, toErrorMessage } from '@onda/contract';
import type { RuntimeTensor } from '@onda/runtime';
import type { Call, Reply, SessionInfo, WorkerPost } from './workerMessages.ts';
import { WorkerError } from './workerMessages.ts';

interface Pending {
  id: number;
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/** A call without its id, which is assigned when it is sent. */
type NewCall = Call extends infer C ? (C extends Call ? Omit<C, 'id'> : never) : never;

/**
 * The client of the session worker: matches replies to calls and restarts the worker when it ends.
 */
export class WorkerClient {
  readonly ready: Promise<void>;
  readonly #start: () => Worker;
  readonly #onWarning: ((text: string) => void) | undefined;
  /** In the order of the calls, which is the order of the replies. */
  #pending: Pending[] = [];
  /** Models by session number, to reload them into a new worker. */
  readonly #models = new Map<number, Uint8Array>();
  readonly #queue = new CallQueue((calls) => {
    this.#post(calls);
  });
  #worker: Worker;
  /** Time of the worker's last message, or of the first call after an idle period: milliseconds of `performance.now`. */
  #lastActivity = 0;
  #calls = 0;
  #sessions = 0;
  #started = false;
  #failure: WorkerError | undefined;
  #closed = false;
  #settleReady: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(start: () => Worker, onWarning: ((text: string) => void) | undefined) {
    this.#start = start;
    this.#onWarning = onWarning;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.#worker = this.#spawn();
  }

  get alive(): boolean {
    return this.#failure === undefined && !this.#closed;
  }

  get pending(): number {
    return this.#pending.length;
  }

  get stalledMs(): number {
    return this.#pending.length === 0 ? 0 : performance.now() - this.#lastActivity;
  }

  async create(model: Uint8Array): Promise<{ session: number; info: SessionInfo }> {
    const session = ++this.#sessions;
    const reply = await this.#call({ kind: 'create', session, model });
    if (reply.kind !== 'created') throw unexpected(reply);
    this.#models.set(session, model);
    return { session, info: reply.info };
  }

  async run(
    session: number,
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[] | undefined,
  ): Promise<{ tensors: Record<string, RuntimeTensor>; milliseconds: number }> {
    const reply = await this.#call({ kind: 'run', session, feeds, fetches });
    if (reply.kind !== 'ran') throw unexpected(reply);
    return reply;
  }

  async release(session: number): Promise<void> {
    this.#models.delete(session);
    await this.#call({ kind: 'release', session });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker.terminate();
    this.#rejectPending(new WorkerError('the runtime was closed before the run was answered'));
  }

  #call(call: NewCall): Promise<Reply> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.reject(new WorkerError('the runtime was closed; create another one'));
    const id = ++this.#calls;
    if (this.#pending.length === 0) this.#lastActivity = performance.now();
    return new Promise((resolve, reject) => {
      this.#pending.push({ id, resolve, reject });
      this.#queue.add(Object.assign(call, { id }));
    });
  }

  #post(calls: Call[]): void {
    try {
      this.#worker.postMessage(calls);
    } catch (error) {
      // A tensor with a detached buffer cannot be sent.
      this.#queue.batchDone();
      for (const { id } of calls) this.#settle({ kind: 'failed', id, error: toErrorMessage(error) });
    }
  }

  #spawn(): Worker {
    const worker = this.#start();
    this.#started = false;
    let reason = '';
    worker.on('message', (post: WorkerPost) => {
      this.#receive(post);
    });
    worker.on('error', (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => {
      this.#ended(reason || `exit code ${code}`);
    });
    return worker;
  }

  #receive(post: WorkerPost): void {
    this.#lastActivity = performance.now();
    if (post.kind === 'ready') {
      this.#started = true;
      this.#settleReady?.resolve();
      this.#settleReady = undefined;
    } else if (post.kind === 'warning') {
      this.#onWarning?.(post.text);
    } else {
      if (post.batchDone) this.#queue.batchDone();
      for (const reply of post.replies) this.#settle(reply);
    }
  }

  #settle(reply: Reply): void {
    const pending = this.#takePending(reply.id);
    if (reply.kind === 'failed') pending?.reject(fromErrorMessage(reply.error));
    else pending?.resolve(reply);
  }

  #takePending(id: number): Pending | undefined {
    if (this.#pending.at(0)?.id === id) return this.#pending.shift();
    // A batch that could not be sent: earlier calls are still pending.
    const at = this.#pending.findIndex((pending) => pending.id === id);
    return at < 0 ? undefined : this.#pending.splice(at, 1)[0];
  }

  #ended(reason: string): void {
    if (this.#closed) return;
    this.#queue.clear();
    if (!this.#started) {
      // A worker that ended during its start would only end again: report it instead of restarting forever.
      this.#failure = new WorkerError(`the inference worker does not start (${reason}); restart the service`);
      this.#rejectPending(this.#failure);
      this.#settleReady?.reject(this.#failure);
      return;
    }
    this.#rejectPending(
      new WorkerError(`the inference worker ended (${reason}) before it answered; retry the request`),
    );
    this.#onWarning?.(`the inference worker ended (${reason}); restarting it`);
    this.#worker = this.#spawn();
    for (const [session, model] of this.#models) {
      this.#call({ kind: 'create', session, model }).catch((error: unknown) => {
        this.#onWarning?.(
          `a model could not be reloaded: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
    }
  }

  #rejectPending(error: Error): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { reject } of pending) reject(error);
  }
}

function unexpected(reply: Reply): Error {
  return new Error(`unexpected reply "${reply.kind}" of the worker`);
}

/**
 * One batch runs and one is ready, so that the worker never waits for a message. Calls that arrive meanwhile form the next batch: waking
 * a thread costs more than a small run.
 */
const MAX_BATCHES_IN_FLIGHT = 2;

/** Batches calls to the worker, in order. */
export class CallQueue {
  readonly #post: (calls: Call[]) => void;
  #queued: Call[] = [];
  #inFlight = 0;
  #flushing = false;

  constructor(post: (calls: Call[]) => void) {
    this.#post = post;
  }

  /** Calls of one turn of the event loop form a batch: `setImmediate` runs after all of them. */
  add(call: Call): void {
    this.#queued.push(call);
    if (this.#flushing || this.#inFlight >= MAX_BATCHES_IN_FLIGHT) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Call when the worker has answered all calls of a batch. */
  batchDone(): void {
    this.#inFlight--;
    this.#flush();
  }

  /** Call when the worker has ended. */
  clear(): void {
    this.#queued = [];
    this.#inFlight = 0;
  }

  #flush(): void {
    if (this.#queued.length === 0 || this.#inFlight >= MAX_BATCHES_IN_FLIGHT) return;
    const calls = this.#queued;
    this.#queued = [];
    this.#inFlight++;
    this.#post(calls);
  }
}
