import { fromErrorMessage, toErrorMessage } from '@onda/contract';
import type { Call, Reply, WorkerHost, WorkerPost } from './workerMessages.ts';
import { RunTimeoutError, WorkerError } from './workerMessages.ts';

/** A call that is not answered. */
export interface PendingCall {
  readonly call: Call;
  /** Its time limit, milliseconds. */
  readonly limitMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

export interface LaneEvents {
  onReady: () => void;
  onWarning: (text: string) => void;
  /** The worker ended by itself; its pending calls are still there. */
  onEnded: (reason: string) => void;
  /** A run has taken `SLOW_RUN_MS`, or half of its limit. Called until the lane is retired or the run is answered. */
  onSlow: () => void;
  /** The first call exceeded its time limit. */
  onOverdue: () => void;
}

/** A run of this duration on a shared worker is slow: the other sessions move to another worker, milliseconds. */
export const SLOW_RUN_MS = 2000;

/** Maximum interval between two checks of the time limits, milliseconds. */
const CHECK_MS = 250;

/**
 * One worker with its pending calls. It answers them in order, so the first one is the one that runs; the time since the worker's
 * last message is the duration of that run, except for short runs of the same session.
 */
export class WorkerLane {
  started = false;
  readonly #host: WorkerHost;
  readonly #startMs: number;
  #events: LaneEvents;
  /** In the order of the calls, which is the order of the replies. */
  #pending: PendingCall[] = [];
  readonly #queue = new CallQueue((calls) => {
    this.#post(calls);
  });
  /** Time of the worker's last message, or of the first call after an idle period: milliseconds of `performance.now`. */
  #lastActivity = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #onRetiredEnd: (() => void) | undefined;
  #ended = false;

  /** @param startMs time limit of the worker's start, milliseconds */
  constructor(host: WorkerHost, startMs: number, events: LaneEvents) {
    this.#host = host;
    this.#startMs = startMs;
    this.#events = events;
    let reason = '';
    host.on('message', (post: WorkerPost) => {
      this.#receive(post);
    });
    host.on('error', (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    host.on('exit', (code) => {
      if (this.#ended) return;
      this.#end();
      this.#events.onEnded(reason || `exit code ${code}`);
    });
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** Milliseconds since the last message while calls are pending; otherwise 0. */
  get stalledMs(): number {
    return this.#pending.length === 0 ? 0 : performance.now() - this.#lastActivity;
  }

  /** The call that runs. */
  get first(): Call | undefined {
    return this.#pending.at(0)?.call;
  }

  add(pending: PendingCall): void {
    if (this.#pending.length === 0) this.#lastActivity = performance.now();
    this.#pending.push(pending);
    this.#queue.add(pending.call);
    this.#timer ??= this.#checkLater();
  }

  /** Removes and returns the calls that are queued behind those of the session that runs. */
  takeOthers(): PendingCall[] {
    const session = this.first?.session;
    const from = this.#pending.findIndex(({ call }) => call.session !== session);
    if (from < 0) return [];
    const others = this.#pending.splice(from);
    this.#queue.remove(new Set(others.map(({ call }) => call)));
    return others;
  }

  /** Lets the calls of the session that runs end, with their time limit; then the worker is ended. */
  retire(onEnd: () => void): void {
    this.#onRetiredEnd = onEnd;
    this.#events = {
      ...this.#events,
      onSlow: () => undefined,
      onOverdue: () => {
        this.fail(this.overdueError());
      },
      onEnded: (reason) => {
        this.fail(endedError(reason));
      },
    };
  }

  /** Rejects the pending calls and ends the worker. */
  fail(error: Error): void {
    void this.close(error);
  }

  /** Like `fail`; resolves once the worker has ended, or after a time limit: a thread ends only after its native call. */
  async close(error: Error): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    this.#end();
    const ended = this.#host.terminate();
    for (const { reject } of pending) reject(error);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    await Promise.race([ended, limit]);
    clearTimeout(timer);
    this.#onRetiredEnd?.();
  }

  /** The error of a first call that exceeded its time limit. */
  overdueError(): RunTimeoutError {
    const [{ call, limitMs }] = this.#pending;
    const limit = `${limitMs / 1000} s`;
    return new RunTimeoutError(
      call.kind === 'create'
        ? `the model did not load within ${limit} and loading was stopped; make the model smaller`
        : `the run of the model did not end within ${limit} and was stopped; send less at a time, or raise the model's time limit`,
    );
  }

  #end(): void {
    this.#ended = true;
    this.#queue.clear();
    clearTimeout(this.#timer);
  }

  #post(calls: Call[]): void {
    try {
      this.#host.postMessage(calls);
    } catch (error) {
      // A tensor with a detached buffer cannot be sent.
      this.#queue.batchDone();
      for (const { id } of calls) this.#settle({ kind: 'failed', id, error: toErrorMessage(error) });
    }
  }

  #receive(post: WorkerPost): void {
    if (this.#ended) return;
    this.#lastActivity = performance.now();
    if (post.kind === 'ready') {
      this.started = true;
      this.#events.onReady();
    } else if (post.kind === 'warning') {
      this.#events.onWarning(post.text);
    } else {
      if (post.batchDone) this.#queue.batchDone();
      for (const reply of post.replies) this.#settle(reply);
      if (this.#onRetiredEnd && this.#pending.length === 0) this.fail(closedError());
    }
  }

  #settle(reply: Reply): void {
    const pending = this.#takePending(reply.id);
    if (reply.kind === 'failed') pending?.reject(fromErrorMessage(reply.error));
    else pending?.resolve(reply);
  }

  #takePending(id: number): PendingCall | undefined {
    if (this.first?.id === id) return this.#pending.shift();
    // A batch that could not be sent: earlier calls are still pending.
    const at = this.#pending.findIndex(({ call }) => call.id === id);
    return at < 0 ? undefined : this.#pending.splice(at, 1)[0];
  }

  #checkLater(): NodeJS.Timeout {
    const { limitMs = CHECK_MS } = this.#pending.at(0) ?? {};
    const timer = setTimeout(
      () => {
        // Messages that arrived while this thread was busy are received before a `setImmediate` callback runs.
        setImmediate(() => {
          this.#check();
        });
      },
      Math.min(CHECK_MS, limitMs / 8),
    );
    timer.unref();
    return timer;
  }

  #check(): void {
    this.#timer = undefined;
    const pending = this.#pending.at(0);
    if (this.#ended || pending === undefined) return;
    this.#timer = this.#checkLater();
    const { call, limitMs } = pending;
    const { stalledMs } = this;
    if (stalledMs >= (this.started ? limitMs : this.#startMs)) this.#events.onOverdue();
    else if (this.started && call.kind === 'run' && stalledMs >= Math.min(SLOW_RUN_MS, limitMs / 2)) {
      this.#events.onSlow();
    }
  }
}

/** How long closing waits for a worker in a native call, milliseconds. */
const CLOSE_MS = 2000;

export function endedError(reason: string): WorkerError {
  return new WorkerError(`the inference worker ended (${reason}) before it answered; retry the request`);
}

export function closedError(): WorkerError {
  return new WorkerError('the runtime was closed before the run was answered');
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

  /** Forgets calls that are not sent yet. */
  remove(calls: ReadonlySet<Call>): void {
    this.#queued = this.#queued.filter((call) => !calls.has(call));
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
