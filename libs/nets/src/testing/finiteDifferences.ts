import { randomNumbers } from './randomNumbers.ts';
import type { RecurrentCase } from './recurrentCase.ts';
import type { ReferenceInputs } from './referenceRecurrent.ts';
import { referenceRecurrent } from './referenceRecurrent.ts';

/** Central differences in double precision: error about STEP^2, and 1e-16 / STEP from rounding. */
const STEP = 1e-5;
const SAMPLES = 6;

/** A slope of the case's loss along one direction in one input. */
export interface Slope {
  input: keyof ReferenceInputs;
  /** By how much each element moves. */
  direction: number[];
  slope: number;
}

/**
 * Slopes of sum(y * dy) + sum(h * dh) + sum(c * dc): for each input along a direction that moves all of its elements, and along
 * a few elements alone.
 */
export function finiteDifferences(given: RecurrentCase): Slope[] {
  const random = randomNumbers(99);
  const names = Object.keys(given.inputs) as (keyof ReferenceInputs)[];
  return names.flatMap((input) => {
    const { length } = given.inputs[input];
    if (length === 0) return [];
    const single = Array.from({ length: Math.min(SAMPLES, length) }, () => {
      const index = Math.floor(((random(1)[0] + 1) / 2) * length);
      return Array.from({ length }, (_, element) => (element === index ? 1 : 0));
    });
    return [random(length), ...single].map((direction) => ({
      input,
      direction,
      slope: (moved(given, input, direction, STEP) - moved(given, input, direction, -STEP)) / (2 * STEP),
    }));
  });
}

function moved(
  given: RecurrentCase,
  input: keyof ReferenceInputs,
  direction: number[],
  step: number,
): number {
  const values = given.inputs[input].map((value, index) => value + step * direction[index]);
  const outputs = referenceRecurrent({ ...given.inputs, [input]: values }, given.sizes, given.attributes);
  const { dOutputs } = given;
  return dot(outputs.y, dOutputs.y) + dot(outputs.h, dOutputs.h) + dot(outputs.c, dOutputs.c);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
