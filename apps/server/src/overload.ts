import { setTimeout as sleep } from 'node:timers/promises';
import underPressure from '@fastify/under-pressure';
import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance } from 'fastify';
import type { ModelParams } from './http/addRoute.ts';
import { QueueingDelay } from './queueingDelay.ts';
import type { ModelRepository } from '@onda/serving';

/**
 * Mean delay of a turn of the event loop above which requests are shed, milliseconds. A turn takes 1 to 17 ms at the maximum rate with
 * 16 to 2,048 connections. A request waits for two to three turns, so that accepted ones stay under 250 ms at this bound.
 */
const MAX_EVENT_LOOP_DELAY_MS = 75;

/**
 * Share of its time for which the event loop must be busy. It is near 1 at the maximum rate, where every response is still in time, so it
 * does not suffice alone; at a low utilization other processes delay the loop, and shedding would not help.
 */
const MIN_UTILIZATION = 0.9;

/** Sampling interval of both, milliseconds. */
const SAMPLE_INTERVAL_MS = 500;

/** Sampling interval of the queueing delay: short, since requests that are admitted before the first sample wait longest. */
const QUEUE_SAMPLE_INTERVAL_MS = 100;

/**
 * How long the delay must stay above its bound before requests are shed, milliseconds. It covers two samples: a single one may hold the start
 * of the service, a garbage collection or a pause of a busy machine.
 */
const SUSTAINED_MS = 500;

/**
 * Delay of the response to a shed request, milliseconds. For clients that retry at once, despite Retry-After, rejecting would otherwise
 * cost as much time as serving, and the overload would not end.
 */
const REFUSAL_DELAY_MS = 100;

/** Responses to shed requests per millisecond; further ones are delayed longer. Each costs about half as much as a small inference. */
const REFUSALS_PER_MS = 4;

/** Longest delay of such a response, milliseconds: about Retry-After. It also bounds the number of delayed ones. */
const MAX_REFUSAL_DELAY_MS = 2000;

/** Sheds requests while they would wait too long: for their turn of the event loop, or in the queue of their model. */
export class LoadShedding {
  readonly #repository: Pick<ModelRepository, 'maybeFind' | 'served'>;
  readonly #queues = new QueueingDelay();
  readonly #refusals = new PacedRefusals();
  #isLoopLate = (): boolean => false;

  constructor(repository: Pick<ModelRepository, 'maybeFind' | 'served'>) {
    this.#repository = repository;
  }

  /** Sheds requests of the routes that are added to `scope` after it: 503 before the body is read. */
  async addTo(scope: FastifyInstance): Promise<void> {
    this.#isLoopLate = await watchLoopDelay(scope);
    const timer = setInterval(() => {
      this.#queues.sample(this.#repository.served.map(({ stats }) => stats));
    }, QUEUE_SAMPLE_INTERVAL_MS).unref();
    scope.addHook('onClose', () => {
      clearInterval(timer);
    });
    scope.addHook('onRequest', ({ params }, _reply, done) => {
      const { name, version } = params as ModelParams;
      if (this.isOverloaded(name, version)) this.shed(name, version).catch(done);
      else done();
    });
  }

  /** Whether to shed a request for this model. */
  isOverloaded(name: string, version: string | undefined): boolean {
    if (this.#isLoopLate()) return true;
    if (!this.#queues.isBusy) return false;
    const model = this.#repository.maybeFind(name, version);
    return model !== undefined && this.#queues.exceeds(model.stats);
  }

  /**
   * Counts a request as rejected, and rejects it.
   *
   * @throws ProtocolError 503, always
   */
  async shed(name: string, version: string | undefined): Promise<never> {
    this.#repository.maybeFind(name, version)?.stats.failed('REJECTED', 0);
    await this.#refusals.next();
    throw new ProtocolError('unavailable', 'the service is overloaded; retry after 1 s');
  }
}

/** @returns whether the turns of the event loop have taken too long for more than one sample */
async function watchLoopDelay(scope: FastifyInstance): Promise<() => boolean> {
  let since: number | undefined;
  await scope.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    eventLoopUtilizationMode: 'interval',
    sampleInterval: SAMPLE_INTERVAL_MS,
    // The plugin only measures; the hook of LoadShedding rejects.
    pressureHandler: () => undefined,
  });
  return () => {
    if (!scope.isUnderPressure() || scope.memoryUsage().eventLoopUtilized < MIN_UTILIZATION) {
      since = undefined;
      return false;
    }
    since ??= performance.now();
    return performance.now() - since >= SUSTAINED_MS;
  };
}

/** Spaces the responses to shed requests, so that they leave time for the admitted ones. */
class PacedRefusals {
  #nextAt = 0;

  /** Resolves when the next response may be sent; at once if too many are delayed. */
  async next(): Promise<void> {
    const now = performance.now();
    const at = Math.max(now + REFUSAL_DELAY_MS, this.#nextAt);
    if (at - now > MAX_REFUSAL_DELAY_MS) return;
    this.#nextAt = at + 1 / REFUSALS_PER_MS;
    await sleep(at - now);
  }
}
