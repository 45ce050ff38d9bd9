import type { Worker } from 'node:worker_threads';
import type { RuntimeTensor } from '@onda/runtime';
import { CallQueue } from './callQueue.ts';
import { WorkerError } from './workerError.ts';
import { fromErrorMessage, toErrorMessage } from './workerMessages.ts';
import type { Call, Reply, SessionInfo, WorkerPost } from './workerMessages.ts';

interface Pending {
  id: number;
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/** A call without the number it gets when it is sent. */
type NewCall = Call extends infer C ? (C extends Call ? Omit<C, 'id'> : never) : never;

/**
 * The main thread's side of the session worker: numbers the calls, hands each its reply, and starts the worker again
 * when it ends.
 */
export class WorkerLink {
  readonly ready: Promise<void>;
  readonly #start: () => Worker;
  readonly #onWarning: ((text: string) => void) | undefined;
  /** In the order of the calls, which is that of the replies. */
  #pending: Pending[] = [];
  /** Models by session number, to load them again into a new worker. */
  readonly #models = new Map<number, Uint8Array>();
  readonly #queue = new CallQueue((calls) => {
    this.#post(calls);
  });
  #worker: Worker;
  /** When the worker was last heard of, or got its first call after a rest: milliseconds of `performance.now`. */
  #lastSign = 0;
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
    return this.#pending.length === 0 ? 0 : performance.now() - this.#lastSign;
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
    this.#rejectPending(new WorkerError('the runtime was closed; the run was not answered'));
  }

  #call(call: NewCall): Promise<Reply> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.reject(new WorkerError('the runtime was closed; create another one'));
    const id = ++this.#calls;
    if (this.#pending.length === 0) this.#lastSign = performance.now();
    return new Promise((resolve, reject) => {
      this.#pending.push({ id, resolve, reject });
      this.#queue.add(Object.assign(call, { id }));
    });
  }

  #post(calls: Call[]): void {
    try {
      this.#worker.postMessage(calls);
    } catch (error) {
      // A tensor whose memory was handed to another thread cannot be sent.
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
    this.#lastSign = performance.now();
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
    // A batch that could not be sent: calls before it are still under way.
    const at = this.#pending.findIndex((pending) => pending.id === id);
    return at < 0 ? undefined : this.#pending.splice(at, 1)[0];
  }

  #ended(reason: string): void {
    if (this.#closed) return;
    this.#queue.clear();
    if (!this.#started) {
      // It would only end again: a service that says so is better than one that starts threads for ever.
      this.#failure = new WorkerError(
        `the inference worker does not start (${reason}); start the service again`,
      );
      this.#rejectPending(this.#failure);
      this.#settleReady?.reject(this.#failure);
      return;
    }
    this.#rejectPending(
      new WorkerError(`the inference worker ended (${reason}) before it answered; send the request again`),
    );
    this.#onWarning?.(`the inference worker ended (${reason}); starting it again`);
    this.#worker = this.#spawn();
    for (const [session, model] of this.#models) {
      this.#call({ kind: 'create', session, model }).catch((error: unknown) => {
        this.#onWarning?.(
          `a model did not load again: ${error instanceof Error ? error.message : String(error)}`,
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
  return new Error(`the worker answered "${reply.kind}" to another call`);
}
