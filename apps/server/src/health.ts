import { timeouts } from './limits.ts';
import type { Service } from './service.ts';

/** Whether the process is worth keeping: its worker runs, or was started again, and does not hang. */
export function isLive({ runtime }: Service): boolean {
  return runtime.alive && runtime.stalledMs < timeouts.notLiveMs;
}

/** Whether to send requests here: the worker answers, and the service is not stopping. Models are loaded before it listens. */
export function isReady({ runtime, draining }: Service): boolean {
  return runtime.alive && !draining && runtime.stalledMs < timeouts.notReadyMs;
}
