import type { RecurrentAttributes } from '@onda/kernels';
import { gateCounts, sampleAt } from '@onda/kernels';

export interface ReferenceSizes {
  batch: number;
  time: number;
  features: number;
  units: number;
}

/** Inputs of the recurrent op as flat row-major numbers in double precision. */
export interface ReferenceInputs {
  x: number[];
  kernel: number[];
  recurrentKernel: number[];
  bias: number[];
  recurrentBias: number[];
  h0: number[];
  /** lstm only; empty for the other cells. */
  c0: number[];
}

export interface ReferenceOutputs {
  y: number[];
  h: number[];
  c: number[];
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The reference for all kernels: the equations of recurrentOp.ts in plain loops and double precision.
 */
export function referenceRecurrent(
  inputs: ReferenceInputs,
  { batch, time, features, units }: ReferenceSizes,
  attributes: RecurrentAttributes,
): ReferenceOutputs {
  const columns = gateCounts[attributes.cell] * units;
  const y = new Array<number>(batch * time * units).fill(0);
  const finalH: number[] = [];
  const finalC: number[] = [];
  for (let row = 0; row < batch; row++) {
    let h = inputs.h0.slice(row * units, (row + 1) * units);
    let c = inputs.c0.slice(row * units, (row + 1) * units);
    for (let step = 0; step < time; step++) {
      const at = row * time + sampleAt(step, time, attributes.reverse);
      const x = inputs.x.slice(at * features, (at + 1) * features);
      const fromInput = affine(x, inputs.kernel, inputs.bias, columns);
      [h, c] = nextState(fromInput, h, c, inputs, units, attributes);
      h.forEach((value, unit) => (y[at * units + unit] = value));
    }
    finalH.push(...h);
    finalC.push(...c);
  }
  return { y, h: finalH, c: finalC };
}

/** values M + bias; M has `columns` columns. */
function affine(
  values: readonly number[],
  matrix: readonly number[],
  bias: readonly number[],
  columns: number,
): number[] {
  return Array.from({ length: columns }, (_, column) =>
    values.reduce((sum, value, index) => sum + value * matrix[index * columns + column], bias[column]),
  );
}

function nextState(
  fromInput: readonly number[],
  h: readonly number[],
  c: readonly number[],
  { recurrentKernel, recurrentBias }: ReferenceInputs,
  units: number,
  { cell, activation, resetAfter }: RecurrentAttributes,
): [h: number[], c: number[]] {
  const fromState = affine(h, recurrentKernel, recurrentBias, fromInput.length);
  const gate = (index: number, unit: number): number =>
    fromInput[index * units + unit] + fromState[index * units + unit];
  const everyUnit = (value: (unit: number) => number): number[] =>
    Array.from({ length: units }, (_, unit) => value(unit));
  switch (cell) {
    case 'rnn':
      return [
        everyUnit((unit) => (activation === 'relu' ? Math.max(0, gate(0, unit)) : Math.tanh(gate(0, unit)))),
        [],
      ];
    case 'lstm': {
      const next = everyUnit(
        (unit) => sigmoid(gate(1, unit)) * c[unit] + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit)),
      );
      return [everyUnit((unit) => sigmoid(gate(3, unit)) * Math.tanh(next[unit])), next];
    }
    case 'gru': {
      const r = everyUnit((unit) => sigmoid(gate(0, unit)));
      const z = everyUnit((unit) => sigmoid(gate(1, unit)));
      const reset = h.map((value, unit) => r[unit] * value);
      const fromReset = affine(reset, recurrentKernel, recurrentBias, fromInput.length);
      const n = everyUnit((unit) => {
        const column = 2 * units + unit;
        return Math.tanh(fromInput[column] + (resetAfter ? r[unit] * fromState[column] : fromReset[column]));
      });
      return [everyUnit((unit) => (1 - z[unit]) * n[unit] + z[unit] * h[unit]), []];
    }
  }
}
