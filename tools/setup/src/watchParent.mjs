// @ts-check

/** Milliseconds between two looks at whether the shell that npm started us by is still there. */
const parentEveryMs = 500;

/**
 * Calls `gone` once when the parent of this process has ended, where npm is what runs us: npm hands SIGTERM to the shell between it and
 * us, the shell dies of it, and we would never hear.
 * @param {NodeJS.ProcessEnv} env
 * @param {() => void} gone
 * @returns {() => void} stops looking
 */
export function watchParent(env, gone) {
  if (!env.npm_lifecycle_event) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, parentEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
