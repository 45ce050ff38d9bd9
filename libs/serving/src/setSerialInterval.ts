/**
 * Like setInterval for an asynchronous task: a call is skipped while the previous one is running.
 *
 * @param task must not reject
 * @returns a function that stops it and waits for a running call
 */
export function setSerialInterval(task: () => Promise<void>, milliseconds: number): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= task().finally(() => {
      running = undefined;
    });
  }, milliseconds);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
