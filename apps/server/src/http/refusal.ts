import { errorBody } from '@onda/protocol';
import type { Service } from '../service.ts';
import { jsonType, retryAfter } from './httpAnswer.ts';
import type { InferPath } from './quick/inferPath.ts';
import type { HttpAnswer } from './httpAnswer.ts';

const answer: HttpAnswer = {
  status: 503,
  headers: { ...jsonType, ...retryAfter },
  body: errorBody(
    'the service is asked more than it can answer in time, and takes no more; try again in a moment',
  ),
};

/**
 * The answer to an infer request that comes when there are too many; undefined: it is let in, and leaves when it is answered. Its body is not looked at: that it costs
 * little is the use of it.
 *
 * @param restless whether its client was refused a moment ago and asks again
 */
export function maybeRefusal(
  { pressure, repository }: Service,
  { name, version }: InferPath,
  restless = false,
): HttpAnswer | undefined {
  if (pressure.enter(restless)) return undefined;
  repository.maybeFind(name, version)?.stats.failed('REJECTED', 0);
  return answer;
}
