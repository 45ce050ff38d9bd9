import type { WorkerRuntime } from '@onda/runtime-node';
import { timeouts } from './limits.ts';

/** What the health checks answer, over HTTP, gRPC and on the metrics port. */
export class Health {
  /** Set when the service shuts down: it is live until it ends, but not ready. */
  draining = false;
  readonly #runtime: Pick<WorkerRuntime, 'alive' | 'stalledMs'>;

  constructor(runtime: Pick<WorkerRuntime, 'alive' | 'stalledMs'>) {
    this.#runtime = runtime;
  }

  /** Whether the process should be kept: its worker runs, or was restarted, and does not hang. */
  get live(): boolean {
    return this.#runtime.alive && this.#runtime.stalledMs < timeouts.notLiveMs;
  }

  /** Whether to send requests here. Models are loaded before the ports are opened. */
  get ready(): boolean {
    return this.#runtime.alive && !this.draining && this.#runtime.stalledMs < timeouts.notReadyMs;
  }
}
