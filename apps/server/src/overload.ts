import { setTimeout as sleep } from 'node:timers/promises';
import underPressure from '@fastify/under-pressure';
import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance } from 'fastify';
import type { ModelParams } from './http/addRoute.ts';
import type { ModelRepository } from '@onda/serving';

/**
 * Mean delay of a turn of the event loop above which requests are shed, milliseconds. A turn takes 1 to 15 ms at the maximum rate with
 * 16 to 256 connections. A request waits for two to three turns, so that accepted ones stay under 250 ms at this bound.
 */
const MAX_EVENT_LOOP_DELAY_MS = 75;

/**
 * Share of its time for which the event loop must be busy. It is near 1 at the maximum rate, where every response is still in time, so it
 * does not suffice alone; at a low utilization other processes delay the loop, and shedding would not help.
 */
const MIN_UTILIZATION = 0.9;

/** Sampling interval of both, milliseconds. */
const SAMPLE_INTERVAL_MS = 500;

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

/**
 * Sheds load on the routes that are added to `scope` after it: 503 before the body is read.
 *
 * @returns whether the service is overloaded, for transports other than HTTP
 */
export async function addLoadShedding(
  scope: FastifyInstance,
  repository: Pick<ModelRepository, 'maybeFind'>,
): Promise<() => boolean> {
  let since: number | undefined;
  const overloaded = (): boolean => {
    const { eventLoopUtilized } = scope.memoryUsage();
    if (!scope.isUnderPressure() || eventLoopUtilized < MIN_UTILIZATION) {
      since = undefined;
      return false;
    }
    since ??= performance.now();
    return performance.now() - since >= SUSTAINED_MS;
  };
  await scope.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    eventLoopUtilizationMode: 'interval',
    sampleInterval: SAMPLE_INTERVAL_MS,
    // The plugin only measures; the hook below rejects.
    pressureHandler: () => undefined,
  });
  scope.addHook('onRequest', async ({ params }) => {
    const { name, version } = params as ModelParams;
    if (overloaded()) await shed(repository, name, version);
  });
  return overloaded;
}

/**
 * Counts a request as rejected, and rejects it.
 *
 * @throws ProtocolError 503, always
 */
export async function shed(
  repository: Pick<ModelRepository, 'maybeFind'>,
  name: string,
  version: string | undefined,
): Promise<never> {
  repository.maybeFind(name, version)?.stats.failed('REJECTED', 0);
  await sleep(REFUSAL_DELAY_MS);
  throw new ProtocolError('unavailable', 'the service is overloaded; retry after 1 s');
}
