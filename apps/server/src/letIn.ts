import { setTimeout as sleep } from 'node:timers/promises';
import { timeouts } from './limits.ts';
import type { Service } from './service.ts';

/** What a client is told that is not let in. */
export const refusalText =
  'the service is asked more than it can answer in time, and takes no more; try again in a moment';

/**
 * Whether an infer request is let in. One that is has to leave (`pressure.leave`) when it is answered; one that is not is counted.
 *
 * @param version  undefined: the newest
 * @param restless whether its client was refused a moment ago and asks again
 */
export function letIn(
  { pressure, repository }: Service,
  name: string,
  version: string | undefined,
  restless = false,
): boolean {
  if (pressure.enter(restless)) return true;
  repository.maybeFind(name, version)?.stats.failed('REJECTED', 0);
  return false;
}

/**
 * Waited for before a client is told that it was refused, where its connection is read on meanwhile: one that asks again at once would
 * take as much time to be refused as one that is answered.
 */
export function tellLate(): Promise<void> {
  return sleep(timeouts.refusedMs);
}
