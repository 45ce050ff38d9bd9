import type { RuntimeTensor } from '@onda/runtime';
import { closedError, endedError, WorkerLane } from './workerLane.ts';
import type { PendingCall } from './workerLane.ts';
import type { Call, Reply, SessionInfo, WorkerHost, WorkerLimits } from './workerMessages.ts';
import { defaultLimits, WorkerError } from './workerMessages.ts';

/** A call without its id, which is assigned when it is sent. */
type NewCall = Call extends infer C ? (C extends Call ? Omit<C, 'id'> : never) : never;

export interface WorkerClientOptions {
  onWarning?: ((text: string) => void) | undefined;
  limits?: Partial<WorkerLimits>;
}

export interface ClientSessionOptions {
  /** Time limit of a run, milliseconds; default: that of the client. */
  readonly runMs?: number | undefined;
  /** Called when a run of the session has taken so long that the other sessions were moved to another worker. */
  readonly onSlow?: (() => void) | undefined;
}

/** A session's model, to load it into another worker. */
interface LoadedModel extends ClientSessionOptions {
  readonly model: Uint8Array;
}

/**
 * The client of the session worker. It starts another worker with the same sessions when the worker ends, exceeds a time limit, or is
 * occupied by a slow run: the calls of other sessions continue there.
 */
export class WorkerClient {
  readonly ready: Promise<void>;
  readonly #start: () => WorkerHost;
  readonly #onWarning: ((text: string) => void) | undefined;
  readonly #limits: WorkerLimits;
  /** By session number. */
  readonly #models = new Map<number, LoadedModel>();
  #lane: WorkerLane;
  /** Workers that only complete a slow run. */
  readonly #retired = new Set<WorkerLane>();
  #calls = 0;
  #sessions = 0;
  #failure: WorkerError | undefined;
  #closed = false;
  #settleReady: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(start: () => WorkerHost, { onWarning, limits }: WorkerClientOptions = {}) {
    this.#start = start;
    this.#onWarning = onWarning;
    this.#limits = { ...defaultLimits, ...limits };
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Those that await it get the error; calls get it too.
    this.ready.catch(() => undefined);
    this.#lane = this.#startLane([]);
  }

  get alive(): boolean {
    return this.#failure === undefined && !this.#closed;
  }

  get pending(): number {
    return this.#lane.pending;
  }

  get stalledMs(): number {
    return this.#lane.stalledMs;
  }

  /** Loads a model; returns the session's number and the duration of the load. */
  async create(
    model: Uint8Array,
    options: ClientSessionOptions = {},
  ): Promise<{ session: number; info: SessionInfo; milliseconds: number }> {
    const session = ++this.#sessions;
    const { loadMs } = this.#limits;
    const { info, milliseconds } = await this.#call({ kind: 'create', session, model }, loadMs, 'created');
    this.#models.set(session, { model, ...options });
    return { session, info, milliseconds };
  }

  run(
    session: number,
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[] | undefined,
  ): Promise<{ tensors: Record<string, RuntimeTensor>; milliseconds: number }> {
    const limitMs = this.#models.get(session)?.runMs ?? this.#limits.runMs;
    return this.#call({ kind: 'run', session, feeds, fetches }, limitMs, 'ran');
  }

  async release(session: number): Promise<void> {
    this.#models.delete(session);
    await this.#call({ kind: 'release', session }, this.#limits.runMs, 'released');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#lane, ...this.#retired].map((lane) => lane.close(closedError())));
  }

  async #call<Kind extends Reply['kind']>(
    call: NewCall,
    limitMs: number,
    kind: Kind,
  ): Promise<Extract<Reply, { kind: Kind }>> {
    if (this.#failure) throw this.#failure;
    if (this.#closed) throw new WorkerError('the runtime was closed; create another one');
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#lane.add({ call: Object.assign(call, { id: ++this.#calls }), limitMs, resolve, reject });
    });
    if (reply.kind !== kind) throw new Error(`unexpected reply "${reply.kind}" of the worker`);
    return reply as Extract<Reply, { kind: Kind }>;
  }

  /** Starts a worker, loads the models into it and gives it pending calls of another. */
  #startLane(pending: readonly PendingCall[]): WorkerLane {
    const lane: WorkerLane = new WorkerLane(this.#start(), this.#limits.loadMs, {
      onReady: () => {
        this.#settleReady?.resolve();
        this.#settleReady = undefined;
      },
      onWarning: (text) => this.#onWarning?.(text),
      onEnded: (reason) => {
        this.#ended(lane, reason);
      },
      onSlow: () => {
        this.#replaceSlow(lane);
      },
      onOverdue: () => {
        this.#replaceOverdue(lane);
      },
    });
    for (const [session, { model }] of this.#models) {
      lane.add({
        call: { kind: 'create', id: ++this.#calls, session, model },
        limitMs: this.#limits.loadMs,
        resolve: () => undefined,
        reject: (error) => this.#onWarning?.(`a model could not be reloaded: ${error.message}`),
      });
    }
    for (const call of pending) lane.add(call);
    return lane;
  }

  #ended(lane: WorkerLane, reason: string): void {
    if (this.#closed) return;
    if (!lane.started) {
      // A worker that ended during its start would only end again: report it instead of restarting forever.
      this.#failure = new WorkerError(`the inference worker does not start (${reason}); restart the service`);
      lane.fail(this.#failure);
      this.#settleReady?.reject(this.#failure);
      return;
    }
    lane.fail(endedError(reason));
    this.#onWarning?.(`the inference worker ended (${reason}); restarting it`);
    this.#lane = this.#startLane([]);
  }

  /** The run continues on its worker, and the calls of other sessions on a new one. */
  #replaceSlow(lane: WorkerLane): void {
    const onSlow = this.#models.get(lane.first?.session ?? 0)?.onSlow;
    if (onSlow === undefined || this.#closed) return;
    this.#lane = this.#startLane(lane.takeOthers());
    this.#retired.add(lane);
    lane.retire(() => this.#retired.delete(lane));
    onSlow();
  }

  /** Ends the worker of a call that exceeded its time limit. Calls of other sessions were not run and are sent to a new worker. */
  #replaceOverdue(lane: WorkerLane): void {
    const error = lane.overdueError();
    const others = lane.takeOthers();
    const { first } = lane;
    // A model that does not load within the limit is not loaded again.
    if (first?.kind === 'create') this.#models.delete(first.session);
    this.#onWarning?.(`${error.message}; the inference worker is restarted`);
    lane.fail(error);
    if (!this.#closed) this.#lane = this.#startLane(others);
  }
}
