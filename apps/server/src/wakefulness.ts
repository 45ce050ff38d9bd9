import { performance } from 'node:perf_hooks';

/**
 * Keeps the event loop from falling asleep for a moment after an answer. A client that asks again as soon as it is answered finds it
 * awake then: to wake a thread takes as long as several runs of a small net, on a virtual machine the more. Meanwhile the loop looks for
 * what has come without waiting, and takes what comes as ever; where there is more work than that, it costs next to nothing.
 *
 * @param us how long, microseconds; 0: never
 * @returns to be called with each answer
 */
export function wakefulness(us: number): () => void {
  if (us === 0) return () => undefined;
  let until = 0;
  let awake = false;
  const look = (): void => {
    awake = performance.now() < until;
    if (awake) setImmediate(look);
  };
  return () => {
    until = performance.now() + us / 1000;
    if (awake) return;
    awake = true;
    setImmediate(look);
  };
}
