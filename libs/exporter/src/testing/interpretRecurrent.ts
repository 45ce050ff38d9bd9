import { isObject } from '../artifacts/json.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { UnsupportedError } from '../errors.ts';
import { activate, text } from './interpretActivations.ts';
import type { Tensor64 } from './tensors.ts';
import { sizeOf } from './tensors.ts';

type Config = Readonly<Record<string, unknown>>;

/** One step of a cell for one sequence: the next states. */
type Step = (x: Float64Array, states: readonly Float64Array[]) => Float64Array[];

interface Cell {
  readonly units: number;
  /** Units of each state. */
  readonly stateUnits: readonly number[];
  readonly step: Step;
  /** The state that is the output. */
  readonly outputState: number;
}

/** Outputs of every step [batch, time, units] in processing order, the last output, and the final states [batch, units]. */
export interface Run64 {
  readonly sequence: Tensor64;
  readonly last: Tensor64;
  readonly states: readonly Tensor64[];
}

const row = (
  values: Float64Array,
  matrix: Float32Array,
  columns: number,
  from: number,
  to: number,
): Float64Array => {
  const sums = new Float64Array(to - from);
  values.forEach((value, at) => {
    for (let column = from; column < to; column++)
      sums[column - from] += value * matrix[at * columns + column];
  });
  return sums;
};

const add = (...parts: readonly ArrayLike<number>[]): Float64Array =>
  Float64Array.from({ length: parts[0].length }, (_, at) => parts.reduce((sum, part) => sum + part[at], 0));
const times = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, at) => value * b[at]);

/** SimpleRNN, LSTM and GRU as Keras defines them. */
function cellOf(className: string, config: Config, weights: LayerWeights, features: number): Cell {
  const kind = className.replace(/Cell$/, '');
  const units = Number(config['units']);
  const gates = { SimpleRNN: 1, LSTM: 4, GRU: 3 }[kind];
  if (gates === undefined) {
    throw new UnsupportedError(`reference interpreter: no recurrent class ${className}; pass --cases FILE`);
  }
  const columns = gates * units;
  const resetAfter = kind === 'GRU' && config['reset_after'] === true;
  const kernel = weights.get('kernel', [features, columns]);
  const recurrent = weights.get('recurrent_kernel', [units, columns]);
  const biased = config['use_bias'] !== false;
  const bias = biased
    ? weights.get('bias', resetAfter ? [2, columns] : [columns])
    : new Float32Array(2 * columns);
  const value = (sums: Float64Array): Float64Array => activate(text(config['activation'], 'tanh'), sums);
  const gate = (sums: Float64Array): Float64Array =>
    activate(text(config['recurrent_activation'], 'sigmoid'), sums);
  const part = (x: Float64Array, matrix: Float32Array, index: number): Float64Array =>
    row(x, matrix, columns, index * units, (index + 1) * units);
  const biasOf = (index: number): Float32Array => bias.subarray(index * units, (index + 1) * units);
  const sum = (x: Float64Array, h: Float64Array, index: number): Float64Array =>
    add(part(x, kernel, index), part(h, recurrent, index), biasOf(index));
  const steps: Record<string, Step> = {
    SimpleRNN: (x, [h]) => [value(sum(x, h, 0))],
    LSTM: (x, [h, c]) => {
      const next = add(times(gate(sum(x, h, 1)), c), times(gate(sum(x, h, 0)), value(sum(x, h, 2))));
      return [times(gate(sum(x, h, 3)), value(next)), next];
    },
    GRU: (x, [h]) => {
      const both = (index: number): Float64Array =>
        resetAfter ? add(sum(x, h, index), biasOf(index + 3)) : sum(x, h, index);
      const [z, r] = [gate(both(0)), gate(both(1))];
      const candidate = resetAfter
        ? add(part(x, kernel, 2), biasOf(2), times(r, add(part(h, recurrent, 2), biasOf(5))))
        : add(part(x, kernel, 2), biasOf(2), part(times(r, h), recurrent, 2));
      return [
        add(
          times(z, h),
          times(
            z.map((one) => 1 - one),
            value(candidate),
          ),
        ),
      ];
    },
  };
  return { units, stateUnits: kind === 'LSTM' ? [units, units] : [units], step: steps[kind], outputState: 0 };
}

/** The cell of a recurrent layer; stacked cells run one after another, each on the output of the one before. */
function cellAt(className: string, config: Config, weights: LayerWeights, features: number): Cell {
  if (className !== 'RNN' && className !== 'StackedRNNCells')
    return cellOf(className, config, weights, features);
  if (className === 'RNN') {
    const { cell } = config;
    if (!isObject(cell) || !isObject(cell['config'])) return cellOf('none', {}, weights, features);
    return cellAt(String(cell['class_name']), cell['config'], weights, features);
  }
  const listed = (Array.isArray(config['cells']) ? (config['cells'] as unknown[]) : []).filter(isObject);
  let inputs = features;
  const cells = listed.map((one): Cell => {
    const options = isObject(one['config']) ? one['config'] : {};
    const name = String(options['name']);
    const own = [weights.within(`stacked_rnn_cells/${name}`), weights.within(name)].find(
      (part) => !part.isEmpty(),
    );
    const cell = cellOf(String(one['class_name']), options, own ?? weights.within(name), inputs);
    inputs = cell.units;
    return cell;
  });
  return {
    units: inputs,
    stateUnits: cells.flatMap(({ stateUnits }) => stateUnits),
    step: (x, states) => {
      let output = x;
      let used = 0;
      const next = cells.flatMap(({ step, stateUnits }) => {
        const own = step(output, states.slice(used, (used += stateUnits.length)));
        output = own[0];
        return own;
      });
      return next;
    },
    outputState: cells.slice(0, -1).reduce((count, { stateUnits }) => count + stateUnits.length, 0),
  };
}

/**
 * Runs a recurrent layer over x [batch, time, features]. At a masked step the states stay; the output repeats the one before, zeros at
 * first, or is zero with `zeroMasked`.
 *
 * @param mask    [batch, time], 1 for unmasked
 * @param initial [batch, units] each; none: zeros
 */
export function runRecurrent(
  className: string,
  config: Config,
  weights: LayerWeights,
  x: Tensor64,
  mask: Uint8Array | null,
  zeroMasked: boolean,
  initial: readonly Tensor64[] = [],
): Run64 {
  const [batch, time, features] = x.shape;
  const cell = cellAt(className, config, weights, features);
  const { units } = cell;
  const sequence = new Float64Array(batch * time * units);
  const finals = cell.stateUnits.map((size) => new Float64Array(batch * size));
  const last = new Float64Array(batch * units);
  for (let sample = 0; sample < batch; sample++) {
    let states: readonly Float64Array[] = cell.stateUnits.map((size, index) =>
      initial.length === 0
        ? new Float64Array(size)
        : initial[index].data.slice(sample * size, (sample + 1) * size),
    );
    let output: Float64Array = new Float64Array(units);
    for (let step = 0; step < time; step++) {
      const at = sample * time + (config['go_backwards'] === true ? time - 1 - step : step);
      if (mask === null || mask[at] === 1) {
        states = cell.step(x.data.subarray(at * features, (at + 1) * features), states);
        output = Float64Array.from(states[cell.outputState]);
      } else if (zeroMasked) output = new Float64Array(units);
      sequence.set(output, (sample * time + step) * units);
    }
    last.set(output, sample * units);
    states.forEach((state, index) => {
      finals[index].set(state, sample * cell.stateUnits[index]);
    });
  }
  const shape = [batch, units];
  return {
    sequence: { shape: [batch, time, units], data: sequence },
    last: { shape, data: last },
    states: finals.map((data, index) => ({ shape: [batch, cell.stateUnits[index]], data })),
  };
}

/** A sequence [batch, time, features] with its time reversed. */
export function reverseSequence({ shape, data }: Tensor64): Tensor64 {
  const [batch, time] = shape;
  const size = sizeOf(shape.slice(2));
  const reversed = new Float64Array(data.length);
  for (let sample = 0; sample < batch; sample++)
    for (let step = 0; step < time; step++) {
      const from = (sample * time + step) * size;
      reversed.set(data.subarray(from, from + size), (sample * time + time - 1 - step) * size);
    }
  return { shape, data: reversed };
}
