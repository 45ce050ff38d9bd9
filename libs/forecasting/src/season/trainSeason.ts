import type { Batches } from '@onda/training';
import { cosineSchedule, Optimizer, train, withWarmup } from '@onda/training';
import { createRandom, streamSeed } from '@onda/series';
import type { SeasonBatch } from './seasonNet.ts';
import { SeasonNet } from './seasonNet.ts';
import type { SeasonSpec } from './seasonSpec.ts';
import type { DrawOptions, SeasonWindows } from './seasonWindows.ts';

const learningRate = 2e-3;
const warmupSteps = 50;

/** How a member of the ensemble is trained. */
export interface MemberOptions extends Omit<DrawOptions, 'seed'> {
  steps: number;
  seed: number;
  signal?: AbortSignal | undefined;
}

/**
 * Trains one network: AdamW at 0.002 with decay 0.001 and gradients clipped at norm 1, 50 steps of warm-up, a cosine to 0, and an
 * exponential moving average of the weights.
 *
 * @throws ResultError when the training diverges
 */
export async function trainMember(
  spec: SeasonSpec,
  windows: SeasonWindows,
  { steps, seed, signal, ...draw }: MemberOptions,
): Promise<{ net: SeasonNet; losses: Float32Array; completed: boolean }> {
  const random = createRandom(streamSeed(seed, 0));
  const net = SeasonNet.create(spec, (low, high) => random.uniform(low, high));
  const optimizer = new Optimizer(
    { kind: 'adamw', learningRate, weightDecay: 1e-3, clipNorm: 1 },
    net.variables,
  );
  const batches: Batches<SeasonBatch> = {
    batch: (step) => windows.batch(step, { ...draw, seed: streamSeed(seed, 1) }),
  };
  try {
    const { losses, ended } = await train({
      ...{ model: net, batches, optimizer, steps, signal },
      schedule: withWarmup(cosineSchedule(learningRate, steps), Math.min(warmupSteps, steps)),
      average: averageDecay(steps),
    });
    return { net, losses, completed: ended === 'steps' };
  } catch (error) {
    net.dispose();
    throw error;
  } finally {
    optimizer.dispose();
  }
}

/** Averages over about a tenth of the steps, 200 at most. */
const averageDecay = (steps: number): number => 1 - 1 / Math.min(200, Math.max(10, steps / 10));
