import { performance } from 'node:perf_hooks';
import type { ModelStats } from '@onda/serving';

/** Queueing delay above which a model's requests are shed, milliseconds. Turns of the event loop add up to about as much again. */
const TARGET_MS = 150;

/** Waiting requests of a model that are never shed for their delay, so that a few slow requests are not an overload. */
const MIN_WAITING = 64;

/**
 * Share of its time for which the event loop must be busy. At a lower utilization a queue waits for a worker, as for a slow model, and
 * shedding would not shorten it; or other processes keep the machine busy.
 */
const MIN_UTILIZATION = 0.9;

/** Counters of a model that change by themselves. */
export type QueueStats = Pick<ModelStats, 'pending' | 'failures'> & {
  readonly queue: { readonly count: number };
};

/** Time for which the event loop was active and idle since the start, milliseconds. */
export interface LoopTime {
  readonly active: number;
  readonly idle: number;
}

interface Queue {
  /** When `served` was counted. */
  readonly since: number;
  readonly served: number;
  readonly msPerRequest: number;
}

/**
 * Estimates how long a new request of a model waits for its run, by Little's law: waiting requests * time per served request.
 *
 * The mean delay of the event loop does not show this time: a turn runs one batch of a model, whatever the length of its queue.
 */
export class QueueingDelay {
  /** Whether the event loop was busy in the last sample; otherwise nothing is shed. */
  isBusy = false;
  readonly #loopTime: () => LoopTime;
  #last: LoopTime;
  #queues = new Map<QueueStats, Queue>();

  constructor(loopTime: () => LoopTime = () => performance.eventLoopUtilization()) {
    this.#loopTime = loopTime;
    this.#last = loopTime();
  }

  /** Measures the time since the last sample. Call it several times a second. @param models that are served */
  sample(models: readonly QueueStats[]): void {
    const time = this.#loopTime();
    const active = time.active - this.#last.active;
    const elapsed = active + time.idle - this.#last.idle;
    this.#last = time;
    if (elapsed > 0) this.isBusy = active / elapsed >= MIN_UTILIZATION;
    const now = time.active + time.idle;
    const queues = new Map<QueueStats, Queue>();
    for (const stats of models) {
      queues.set(stats, nextQueue(stats, this.#queues.get(stats), now));
    }
    this.#queues = queues;
  }

  /** Whether the estimate for a new request exceeds the target. */
  exceeds(stats: QueueStats): boolean {
    if (!this.isBusy || stats.pending < MIN_WAITING) return false;
    return stats.pending * (this.#queues.get(stats)?.msPerRequest ?? 0) > TARGET_MS;
  }
}

function nextQueue(stats: QueueStats, before: Queue | undefined, now: number): Queue {
  const served = servedBy(stats);
  if (before === undefined || stats.pending === 0) return { since: now, served, msPerRequest: 0 };
  const elapsed = now - before.since;
  if (served > before.served) return { since: now, served, msPerRequest: elapsed / (served - before.served) };
  // Without a served request since then, the time is a lower bound of the time per request.
  return { ...before, msPerRequest: Math.max(before.msPerRequest, elapsed) };
}

/** Requests that have left the queue. */
function servedBy({ queue, failures }: QueueStats): number {
  return queue.count + failures.BACKEND + failures.CANCELED;
}
