import type { TimedAnswers } from './timedAnswers.ts';

/**
 * Answers of gRPC, whose refusals have the status of answers in HTTP's terms. The service holds a refusal back for longer than an answer
 * that is in time takes, so that as many of the slowest as it refused are those: which of the answers in time is one is never in
 * question.
 *
 * @param refused how many the service counts among all of them
 */
export function slowestAsRefused(loads: readonly TimedAnswers[], refused: number): TimedAnswers[] {
  const places = loads.flatMap(({ tookMs }, load) =>
    Array.from(tookMs, (took, index) => ({ load, index, took })),
  );
  places.sort((a, b) => b.took - a.took);
  const marked = loads.map((load) => ({ ...load, status: load.status.slice() }));
  for (const { load, index } of places.slice(0, Math.max(0, refused))) marked[load].status[index] = REFUSED;
  return marked;
}

const REFUSED = 503;
