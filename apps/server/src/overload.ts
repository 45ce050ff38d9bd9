import { setTimeout as sleep } from 'node:timers/promises';
import underPressure from '@fastify/under-pressure';
import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance } from 'fastify';
import type { ModelParams } from './addRoute.ts';
import type { ModelRepository } from '@onda/serving';

/**
 * Mean delay of a turn of the event loop above which requests are shed, milliseconds. A turn takes 1 to 15 ms at the top rate of 16 to
 * 256 connections. A request waits for two to three turns, so that accepted ones stay under 250 ms at this bound.
 */
const MAX_EVENT_LOOP_DELAY_MS = 75;

/**
 * Over how long the delay is measured, milliseconds. Shedding starts and ends after one interval. A single pause, as of garbage
 * collection or of a busy machine, does not start it unless it lasts nearly as long.
 */
const SAMPLE_INTERVAL_MS = 500;

/**
 * After how long a shed request is answered, milliseconds. A client that retries at once, despite Retry-After, would otherwise take as
 * much time to be refused as to be served, and the overload would not end.
 */
const REFUSAL_DELAY_MS = 100;

/**
 * Sheds load on the routes that are added to `scope` after it: 503 before the body is read. Utilization of the event loop is not
 * checked: it is near 1 at the top rate, where every request is still answered in time.
 *
 * @returns whether the service is overloaded, for transports other than HTTP
 */
export async function addLoadShedding(
  scope: FastifyInstance,
  repository: Pick<ModelRepository, 'maybeFind'>,
): Promise<() => boolean> {
  await scope.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    sampleInterval: SAMPLE_INTERVAL_MS,
    pressureHandler: (request) => {
      const { name, version } = request.params as ModelParams;
      return shed(repository, name, version);
    },
  });
  return () => scope.isUnderPressure();
}

/**
 * Counts a request as rejected, and refuses it.
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
