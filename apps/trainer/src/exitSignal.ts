/** Exit codes of interrupted commands: 128 plus the number of the signal. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export interface ExitSignal {
  readonly signal: AbortSignal;
  /** Restores the default effect of signals. */
  release(): void;
}

/**
 * Aborts on the first SIGINT or SIGTERM and sets the exit code of the process, 130 or 143; the second one ends the process.
 */
export function exitSignal(): ExitSignal {
  const controller = new AbortController();
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  const onSignal = (name: keyof typeof exitCodes): void => {
    release();
    process.exitCode = exitCodes[name];
    controller.abort(new Error(`interrupted by ${name}`));
  };
  const release = (): void => {
    for (const name of names) process.off(name, onSignal);
  };
  for (const name of names) process.on(name, onSignal);
  return { signal: controller.signal, release };
}

/** Resolves when a signal is aborted, at once if it is. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
