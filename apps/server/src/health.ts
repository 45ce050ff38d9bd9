import type { WorkerRuntime } from '@onda/runtime-node';
import { timeouts } from './limits.ts';

/** State of the health checks, for HTTP, gRPC and the metrics port. */
export class Health {
  /** Set at shutdown: the service is then live, but not ready. */
  draining = false;
  readonly #runtime: Pick<WorkerRuntime, 'alive' | 'stalledMs'>;

  constructor(runtime: Pick<WorkerRuntime, 'alive' | 'stalledMs'>) {
    this.#runtime = runtime;
  }

  /** Whether the process is healthy: its worker runs, or was restarted, and does not hang. */
  get live(): boolean {
    return this.#runtime.alive && this.#runtime.stalledMs < timeouts.notLiveMs;
  }

  /** Whether the service accepts requests. Models are loaded before the ports are opened. */
  get ready(): boolean {
    return this.#runtime.alive && !this.draining && this.#runtime.stalledMs < timeouts.notReadyMs;
  }
}
