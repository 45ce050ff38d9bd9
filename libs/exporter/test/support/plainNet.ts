import type { NetSpec } from '../../src/index.ts';
import { weightShapes } from './ondaNetArtifacts.ts';

type Weights = Readonly<Record<string, Float32Array>>;

interface State {
  h: number[];
  c: number[];
}

/** Options beyond the spec. */
export interface PlainOptions {
  activation?: 'tanh' | 'relu';
  resetAfter?: boolean;
}

/**
 * A net computed by hand in float64 for one sequence with the equations of libs/nets: the reference of exported graphs.
 */
export class PlainNet {
  readonly spec: NetSpec;
  private readonly weights: Weights;
  private readonly options: PlainOptions;
  private states: State[];

  constructor(spec: NetSpec, weights: Weights, options: PlainOptions = {}) {
    this.spec = spec;
    this.weights = weights;
    this.options = options;
    const zeros = (): number[] => Array<number>(spec.units).fill(0);
    this.states = Array.from({ length: spec.layers }, () => ({ h: zeros(), c: zeros() }));
  }

  /** The packed state row. */
  get state(): number[] {
    return this.states.flatMap(({ h, c }) => (this.spec.cell === 'lstm' ? [...h, ...c] : h));
  }

  /** Feeds one sample; returns the output. */
  step(x: readonly number[]): number[] {
    let value = [...x];
    this.states = this.states.map((state, layer) => {
      const next = this.cell(value, state, `recurrent_${layer}`);
      value = next.h;
      return next;
    });
    return this.product(value, 'readout/kernel').map(
      (sum, output) => sum + this.weights['readout/bias'][output],
    );
  }

  /** Feeds the prompt, then predictions, and returns the first values after the prompt. */
  generate(prompt: readonly (readonly number[])[], samples: number, lag: number): number[][] {
    const outputs = prompt.map((x) => this.step(x));
    const values = outputs.slice(-lag);
    for (let fed = 0; values.length < samples; fed++) values.push(this.step(values[fed]));
    return values.slice(0, samples);
  }

  private cell(x: readonly number[], { h, c }: State, layer: string): State {
    const input = this.product(x, `${layer}/kernel`).map(
      (sum, index) => sum + this.weights[`${layer}/bias`][index],
    );
    const bias = this.weights[`${layer}/recurrent_bias`];
    const recurrent = this.product(h, `${layer}/recurrent_kernel`).map((sum, index) => sum + bias[index]);
    const { units, cell } = this.spec;
    const gate = (values: readonly number[], index: number): number[] =>
      values.slice(index * units, (index + 1) * units);
    const gated = (index: number): number[] =>
      gate(input, index).map((value, unit) => 1 / (1 + Math.exp(-value - gate(recurrent, index)[unit])));
    if (cell === 'rnn') {
      const activate = this.options.activation === 'relu' ? (v: number) => Math.max(v, 0) : Math.tanh;
      return { h: input.map((value, unit) => activate(value + recurrent[unit])), c };
    }
    if (cell === 'lstm') {
      const [i, f, o] = [gated(0), gated(1), gated(3)];
      const g = gate(input, 2).map((value, unit) => Math.tanh(value + gate(recurrent, 2)[unit]));
      const next = c.map((value, unit) => f[unit] * value + i[unit] * g[unit]);
      return { h: next.map((value, unit) => o[unit] * Math.tanh(value)), c: next };
    }
    const [r, z] = [gated(0), gated(1)];
    const inner =
      this.options.resetAfter === false
        ? gate(
            this.product(
              h.map((value, unit) => value * r[unit]),
              `${layer}/recurrent_kernel`,
            ),
            2,
          ).map((value, unit) => value + gate([...bias], 2)[unit])
        : gate(recurrent, 2).map((value, unit) => r[unit] * value);
    const n = gate(input, 2).map((value, unit) => Math.tanh(value + inner[unit]));
    return { h: h.map((value, unit) => (1 - z[unit]) * n[unit] + z[unit] * value), c };
  }

  private product(row: readonly number[], name: string): number[] {
    const found = weightShapes(this.spec).find(([weight]) => weight === name);
    const columns = found?.[1][1] ?? 0;
    const matrix = this.weights[name];
    return Array.from({ length: columns }, (_, column) =>
      row.reduce((sum, value, index) => sum + value * matrix[index * columns + column], 0),
    );
  }
}
