/**
 * Makes a queue of one: each task starts when the one before it has ended, well or badly.
 *
 * ONNX Runtime Web has one WebAssembly instance for all sessions and refuses a run that starts inside another
 * ("Session already started").
 *
 * @returns a function that queues a task and resolves or rejects as the task does
 */
export function serially(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    // The tail must not count as an unhandled rejection: the caller has `next`.
    last = next.catch(() => undefined);
    return next;
  };
}
