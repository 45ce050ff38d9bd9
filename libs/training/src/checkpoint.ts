import type { io } from '@tensorflow/tfjs-core';
import type { Net } from '@onda/nets';
import type { FitProgress } from './fitProgress.ts';
import type { Optimizer, OptimizerState } from './optimizers/optimizer.ts';

/** Everything that a fit needs to go on as if it had never stopped. */
export interface Checkpoint {
  progress: FitProgress;
  /** The net: `Net.fromArtifacts` takes it. */
  artifacts: io.ModelArtifacts;
  /** `Optimizer.restore` takes it. */
  optimizer: OptimizerState;
}

/** Copies the net and what the optimizer remembers, as they are after `progress`. */
export function takeCheckpoint(net: Net, optimizer: Optimizer, progress: FitProgress): Checkpoint {
  return { progress, artifacts: net.toArtifacts(), optimizer: optimizer.state() };
}
