import type { Floats } from '../support/onnxRuntime.ts';
import { relativeDifference } from '../support/tfjsModel.ts';

/**
 * Relative to the largest value of an output, at least 1. Float32 through another library's kernels: sums in another order, carried on
 * by states; measured 2e-7 in the middle and 5e-6 at worst over 3,000 cases.
 */
export const matrixTolerance = 1e-5;

/** Inputs of one run of a model, and what TensorFlow.js made of them. */
export interface MatrixRun {
  readonly feeds: Readonly<Record<string, Floats>>;
  readonly expected: Readonly<Record<string, Floats>>;
}

/** What is wrong with a run's outputs, a sentence each. */
export function differences(
  actual: Readonly<Record<string, Floats>>,
  { expected }: MatrixRun,
  where: string,
): string[] {
  return Object.entries(expected).flatMap(([name, values]) => {
    const difference = relativeDifference(actual[name], values);
    return difference <= matrixTolerance
      ? []
      : [
          `${where}, output "${name}": expected a difference of at most ${matrixTolerance}, got ${difference}`,
        ];
  });
}
