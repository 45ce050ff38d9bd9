import { AsyncLocalStorage } from 'node:async_hooks';

/** What a request's trace is told on its way. */
export interface RequestTrace {
  /** Of one run that it was part of: when it began to wait, when the run began and ended; milliseconds of `performance.now`. */
  ran(waitedFrom: number, startedAt: number, endedAt: number): void;
}

const traces = new AsyncLocalStorage<RequestTrace>();

/** Does something as part of a request's trace; just does it where there is none. */
export function withTrace<Result>(trace: RequestTrace | undefined, act: () => Result): Result {
  return trace === undefined ? act() : traces.run(trace, act);
}

/** The trace of the request that runs this; undefined where nobody traces. */
export function maybeTrace(): RequestTrace | undefined {
  return traces.getStore();
}
