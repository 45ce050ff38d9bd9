/**
 * Does something again and again, the next time only once the last is done.
 *
 * @param task never fails
 * @returns ends it, and waits for what is under way
 */
export function every(milliseconds: number, task: () => Promise<void>): () => Promise<void> {
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
