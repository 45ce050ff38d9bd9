import type { ReadoutLossAttributes } from '../readoutLossOp.ts';
import { GAUSSIAN_EPSILON } from '../readoutLossOp.ts';

export interface ReadoutSizes {
  batch: number;
  time: number;
  units: number;
  outputs: number;
}

/** Inputs of the read-out and loss op as flat row-major numbers in double precision. */
export interface ReadoutReferenceInputs {
  hidden: number[];
  kernel: number[];
  bias: number[];
  target: number[];
}

/** Blocks of `outputs` columns that a loss has. */
export function blockCount({ loss, levels }: ReadoutLossAttributes): number {
  return loss === 'gaussian' ? 2 : loss === 'quantile' ? levels.length : 1;
}

/** The read-out and loss op in textbook loops and double precision, after the formulas of readoutLossOp.ts. */
export function referenceReadoutLoss(
  inputs: ReadoutReferenceInputs,
  { batch, time, units, outputs }: ReadoutSizes,
  attributes: ReadoutLossAttributes,
): { loss: number; prediction: number[] } {
  const columns = blockCount(attributes) * outputs;
  const prediction: number[] = [];
  const losses: number[] = [];
  for (let sample = 0; sample < batch * time; sample++) {
    const h = inputs.hidden.slice(sample * units, (sample + 1) * units);
    const row = Array.from({ length: columns }, (_, column) =>
      h.reduce(
        (sum, value, unit) => sum + value * inputs.kernel[unit * columns + column],
        inputs.bias[column],
      ),
    );
    prediction.push(...row);
    for (let output = 0; output < outputs; output++) {
      const blocks = row.filter((_, column) => column % outputs === output);
      losses.push(...valueLosses(blocks, inputs.target[sample * outputs + output], attributes));
    }
  }
  return { loss: losses.reduce((sum, value) => sum + value, 0) / losses.length, prediction };
}

/** The losses of one output's blocks beside its true value; for quantile one for each level. */
function valueLosses(
  [p, ...more]: number[],
  t: number,
  { loss, delta, levels }: ReadoutLossAttributes,
): number[] {
  const error = Math.abs(p - t);
  switch (loss) {
    case 'mse':
      return [error ** 2];
    case 'mae':
      return [error];
    case 'huber':
      return [error <= delta ? error ** 2 / 2 : delta * (error - delta / 2)];
    case 'gaussian': {
      const variance = Math.max(Math.exp(more[0]), GAUSSIAN_EPSILON);
      return [(Math.log(variance) + error ** 2 / variance) / 2];
    }
    case 'quantile':
      return [p, ...more].map((value, block) =>
        Math.max(levels[block] * (t - value), (levels[block] - 1) * (t - value)),
      );
  }
}
