import type { ParityRow } from '@onda/contract';
import { floatTensor, type RuntimeTensor } from '@onda/runtime';
import { compareValues, type Comparison } from '../export/compare.ts';
import type { Floats, Subject } from './subject.ts';
import { stateNames } from './subject.ts';

/** Zeros for the tensors of a model's states. */
export function zeroStates({ manifest }: Subject, batch: number): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    stateNames(manifest.state).map(({ input, size }) => [
      input,
      floatTensor([batch, size], new Float32Array(batch * size)),
    ]),
  );
}

/** One row for all outputs: the one that is furthest from its bound. */
export function compareOutputs(
  comparison: Comparison,
  { outputs, relative }: Subject,
  expected: Floats,
  actual: Readonly<Record<string, RuntimeTensor>>,
): ParityRow {
  const rows = outputs.map(({ name }) =>
    compareValues(
      comparison,
      expected[name].data,
      Float32Array.from(actual[name].data as Float32Array),
      relative,
    ),
  );
  return rows.reduce((worst, row) =>
    row.maxAbs / row.tolerance > worst.maxAbs / worst.tolerance ? row : worst,
  );
}
