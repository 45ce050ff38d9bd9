import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { exitSignal } from '../exitSignal.ts';
import { wholeNumber } from '../options.ts';
import { runWorker } from '../sweep/redisTrials.ts';
import { say } from '../terminal.ts';

/** Command-line options of `worker`. */
export interface WorkerCall {
  redis: string;
  workers: string;
  lease: string;
}

/** Runs trials of sweeps from a Redis until SIGINT or SIGTERM. */
export async function workerCommand(call: WorkerCall): Promise<void> {
  const concurrency = wholeNumber('--workers', call.workers, 1024);
  const leaseS = wholeNumber('--lease', call.lease, 3600);
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-worker-'));
  const exit = exitSignal();
  try {
    await runWorker({
      url: call.redis,
      concurrency,
      leaseS,
      folder,
      threads: Math.max(1, Math.floor(availableParallelism() / concurrency)),
      signal: exit.signal,
      onMessage: say,
    });
  } finally {
    exit.release();
    rmSync(folder, { recursive: true, force: true });
  }
}
