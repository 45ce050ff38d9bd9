import { ModelError } from '@onda/contract';
import { isObject } from '../artifacts/json.ts';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import { isKeras } from '../artifacts/modelSource.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { UnsupportedError } from '../errors.ts';
import { axis, reverseTime, scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import { compactMask, compactSequence, scatterOutputs } from '../recurrent/maskedSequences.ts';
import type { RecurrentRun, RecurrentStates } from '../recurrent/recurrentNode.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/recurrentNode.ts';
import type { ComposedActivations } from '../recurrent/recurrentActivations.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import { isRecurrentClass, recurrentKinds } from '../recurrent/recurrentWeights.ts';
import { emitScanned } from '../recurrent/scannedCell.ts';
import { checkKeys } from './layerKeys.ts';
import type { LayerCall, LayerConverter, LayerFamily, LayerRule, MaskRule, Timing } from './layerRule.ts';
import { sharedConstants } from './layerRule.ts';
import { usableMask } from './masks.ts';

/**
 * SimpleRNN, LSTM, GRU, Onda's layers, and RNN with one or several cells: one node for each cell.
 *
 * Initial and final states are in the order of the model's maker.
 */
const convertRecurrent: LayerConverter = (call) => {
  const { className, options, weights, path, states } = call;
  options.require('time_major', false, 'TensorFlow.js ignores it; put the batch first');
  const cells = readCells(className, options, weights);
  const backward = options.flag('go_backwards', false);
  const nameOf = ({ part }: Cell): string => `${path}${part}`;
  const given = givenStates(call, [cells])?.[0];
  const initial = given ?? cells.map((cell) => states.start(nameOf(cell), cell.weights));
  const zeroMasked = options.flag('zero_output_for_mask', false);
  const { y, ends } = runCells(call, [{ cells, part: '', backward, initial }], zeroMasked);
  if (given === undefined) {
    cells.forEach((cell, index) => {
      states.end(nameOf(cell), ends[index]);
    });
  }
  const values = options.flag('return_sequences', false)
    ? sequenceOutput(call, y, backward)
    : lastOutput(call, squeezed(call, ends[ends.length - 1].h, 0, `${path}/last`), backward, zeroMasked);
  if (!options.flag('return_state', false)) return [values];
  const finals = statesInOrder(call, ends).flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]));
  return [values, ...finals.map((state, index) => squeezed(call, state, 0, `${path}/state:${index}`))];
};

/** Keras lists the states of stacked cells in their order, TensorFlow.js those of the last cell first. */
export function statesInOrder<T>({ source }: LayerCall, states: readonly T[]): T[] {
  return isKeras(source) ? [...states] : states.toReversed();
}

function sequenceOutput(call: LayerCall, y: Value, backward: boolean): Value {
  const values = squeezed(call, y, 1, `${call.path}/squeeze`);
  return backward ? reverseSequence(call, values) : values;
}

/** The last output; zero for a masked last sample with zero_output_for_mask. */
function lastOutput(call: LayerCall, h: Value, backward: boolean, zeroMasked: boolean): Value {
  const { builder, path } = call;
  const mask = zeroMasked ? usableMask(call) : undefined;
  if (mask === undefined) return h;
  const inTime = builder.inLayout(mask, true);
  const last = builder.single(
    `${path}/last_mask`,
    'Gather',
    [inTime, builder.integers([backward ? 0 : -1])],
    { shape: [1, h.shape[0]], type: 'bool' },
    axis(0),
  );
  const flag = builder.single(`${path}/last_flag`, 'Transpose', [last], {
    shape: [h.shape[0], 1],
    type: 'bool',
  });
  return builder.single(`${path}/last_or_zero`, 'Where', [flag, h, scalar(builder, 0)], h);
}

/** Sequences keep their mask. */
const sequenceMask: MaskRule = ({ options }, [first]) =>
  options.flag('return_sequences', false) ? first : null;

function recurrentTiming({ options, inputs }: LayerCall, output: number): Timing {
  if (options.flag('go_backwards', false)) {
    return { mixes: 'go_backwards: a layer that runs backwards needs the end of a sequence' };
  }
  if (inputs.length > 1) return { mixes: 'it starts every piece from the states in its inputs' };
  return output === 0 && options.flag('return_sequences', false) ? 'samples' : 'latest';
}

const recurrent: LayerRule = { convert: convertRecurrent, mask: sequenceMask, timing: recurrentTiming };

export const recurrentLayers = {
  GRU: recurrent,
  LSTM: recurrent,
  OndaGRU: recurrent,
  OndaLSTM: recurrent,
  OndaRNN: recurrent,
  RNN: recurrent,
  SimpleRNN: recurrent,
} satisfies LayerFamily;

/** One recurrent cell of a layer; `part` is the suffix of its name. */
interface Cell {
  readonly part: string;
  readonly weights: RecurrentWeights;
}

/** The cells of a recurrent layer: one, or those of StackedRNNCells. */
export function readCells(className: string, options: LayerOptions, weights: LayerWeights): Cell[] {
  if (isRecurrentClass(className))
    return [{ part: '', weights: recurrentKinds[className](options, weights) }];
  const { layer } = options;
  if (className !== 'RNN') {
    throw new UnsupportedError(
      `layer "${layer}": a Bidirectional ${className} is not supported; wrap a SimpleRNN, LSTM, GRU or RNN layer`,
    );
  }
  const { cellClass, config } = cellAt(options.get('cell'));
  if (cellClass !== 'StackedRNNCells') {
    return [{ part: '', weights: readCell(layer, cellClass, config, weights) }];
  }
  const stacked: unknown[] = Array.isArray(config['cells']) ? config['cells'] : [];
  if (stacked.length === 0) {
    throw new ModelError(`layer "${layer}": cells: expected at least one, got none; save the model again`);
  }
  return stacked.map((value, index) => {
    const inner = cellAt(value);
    // TensorFlow.js counts the cells, Keras uses their names.
    const name = String(inner.config['name']);
    const places = [`RNNCell_${index}`, `stacked_rnn_cells/${name}`, name].map((part) =>
      weights.within(part),
    );
    const own = places.find((part) => !part.isEmpty()) ?? places[0];
    return { part: `/cell_${index}`, weights: readCell(layer, inner.cellClass, inner.config, own) };
  });
}

function cellAt(value: unknown): { cellClass: string; config: Readonly<Record<string, unknown>> } {
  const cell = isObject(value) ? value : {};
  const cellClass = cell['class_name'];
  return {
    cellClass: typeof cellClass === 'string' ? cellClass : 'none',
    config: isObject(cell['config']) ? cell['config'] : {},
  };
}

function readCell(
  layer: string,
  className: string,
  config: Readonly<Record<string, unknown>>,
  weights: LayerWeights,
): RecurrentWeights {
  if (!isRecurrentClass(className)) {
    throw new UnsupportedError(
      `layer "${layer}": cell ${className} is not supported; use SimpleRNNCell, LSTMCell, GRUCell or StackedRNNCells of these`,
    );
  }
  const options = new LayerOptions(layer, config);
  checkKeys(className, options);
  return recurrentKinds[className](options, weights);
}

/** The cells of one direction with their initial states. */
interface Direction {
  readonly cells: readonly Cell[];
  /** Suffix of the layer's name, for two directions. */
  readonly part: string;
  /** Whether it runs from the end. */
  readonly backward: boolean;
  /** Of each cell, [1, batch, units]; undefined: zeros. */
  readonly initial: readonly (RecurrentStates | undefined)[];
}

/** The result of running cells. */
interface CellsRun {
  /** Outputs of the last cell in the order of x: [time, directions, batch, units]. */
  readonly y: Value;
  /** Final states of each cell, [directions, batch, units]. */
  readonly ends: readonly RecurrentStates[];
}

/**
 * Runs the cells of one or two directions over the layer's first input: one node for each cell, and one for both directions of a single cell
 * whose operators agree.
 *
 * @param zeroMasked whether outputs of masked samples are zero instead of repeated
 */
export function runCells(call: LayerCall, directions: readonly Direction[], zeroMasked: boolean): CellsRun {
  const { builder, path, inputs, source } = call;
  const mask = usableMask(call);
  const counted = mask && compactMask(builder, mask);
  const given = builder.inLayout(inputs[0], true);
  const x = counted === undefined ? given : compactSequence(builder, path, given, counted);
  const [{ cells }] = directions;
  const runs =
    cells.length === 1 && agree(directions)
      ? [[runNode(`${path}${cells[0].part}`, x, directions, 0)]]
      : directions.map((direction) => {
          let values = x;
          return cells.map(({ part }, index) => {
            if (index > 0) values = squeezed(call, values, 1);
            const run = runNode(`${path}${direction.part}${part}`, values, [direction], index);
            values = run.y;
            return run;
          });
        });
  const ends = cells.map((_, index) => joinStates(runs.map((run) => run[index].states)));
  const y = joined(
    'values',
    runs.map((run) => run[cells.length - 1].y),
    1,
  );
  if (counted === undefined) return { y, ends };
  const start = startOf(directions, cells.length - 1);
  const backward = directions.map((direction) => direction.backward);
  // Keras on TensorFlow repeats zeros before the first unmasked sample, also with initial states (backend.rnn).
  const zeros = isKeras(source) && source.backend === 'tensorflow';
  const scattered = scatterOutputs(builder, path, y, zeros ? undefined : start?.h, backward, counted);
  if (!zeroMasked) return { y: scattered, ends };
  const flags = builder.single(
    `${path}/output_mask`,
    'Unsqueeze',
    [builder.inLayout(mask as Value, true), builder.integers([1, 3])],
    { shape: [y.shape[0], 1, y.shape[2], 1], type: 'bool' },
  );
  return {
    y: builder.single(`${path}/masked`, 'Where', [flags, scattered, scalar(builder, 0)], scattered),
    ends,
  };

  function runNode(name: string, values: Value, of: readonly Direction[], index: number): RecurrentRun {
    const weights = of.map((direction) => direction.cells[index].weights);
    const { composed } = weights[0];
    const reverse = of.length === 1 && of[0].backward;
    if (composed !== undefined) {
      warnScanned(call, composed);
      return emitScanned(builder, {
        name,
        directions: weights,
        reverse,
        x: values,
        states: startOf(of, index),
      });
    }
    return emitRecurrent(builder, {
      name,
      directions: weights,
      reverse,
      constants: recurrentConstants(sharedConstants(call), name, weights),
      x: values,
      states: startOf(of, index),
      counted,
    });
  }

  function startOf(of: readonly Direction[], index: number): RecurrentStates | undefined {
    const starts = of.map(({ initial }) => initial[index]).filter((start) => start !== undefined);
    return starts.length === 0 ? undefined : joinStates(starts);
  }

  function joinStates(states: readonly RecurrentStates[]): RecurrentStates {
    const cs = states.flatMap(({ c }) => c ?? []);
    const h = joined(
      'h',
      states.map((state) => state.h),
      0,
    );
    return cs.length === 0 ? { h } : { h, c: joined('c', cs, 0) };
  }

  /** Concatenates the values of the directions. */
  function joined(part: string, values: readonly Value[], place: number): Value {
    if (values.length === 1) return values[0];
    const name = `${path}/both_${part}:${values.map(({ name }) => name).join('+')}`;
    return builder.once(name, () => {
      const shape = values[0].shape.map((dim, index) => (index === place ? values.length : dim));
      return builder.single(`${path}/both_${part}`, 'Concat', values, { shape }, axis(place));
    });
  }
}

/** Whether one node can run the single cells of all directions. */
function agree(directions: readonly Direction[]): boolean {
  const [first, ...others] = directions.map(({ cells: [{ weights }] }) => weights);
  return others.every(
    (other) =>
      other.cell === first.cell &&
      other.units === first.units &&
      other.scale === first.scale &&
      other.linearBeforeReset === first.linearBeforeReset &&
      (other.composed === undefined) === (first.composed === undefined),
  );
}

/** @throws UnsupportedError for a masked Scan */
function warnScanned({ options, mask, note }: LayerCall, { gates, values }: ComposedActivations): void {
  const which = `no recurrent operator has its activation ${gates === null ? values : `${values} with gates of ${gates}`}`;
  if (mask !== null) {
    throw new UnsupportedError(
      `layer "${options.layer}": ${which}, which is not supported with a mask; use tanh and sigmoid, or remove the mask`,
    );
  }
  note(
    `layer "${options.layer}": ${which}, so it becomes a Scan, which is slower than a recurrent node; train with tanh and sigmoid`,
  );
}

/** The initial states among a layer's inputs, by direction and cell. Null without any. */
export function givenStates(
  call: LayerCall,
  directions: readonly (readonly Cell[])[],
): RecurrentStates[][] | null {
  const { builder, path, options, inputs } = call;
  const rows = inputs.slice(1);
  if (rows.length === 0) return null;
  const needed = directions
    .flat()
    .reduce((count, { weights }) => count + (weights.cell === 'lstm' ? 2 : 1), 0);
  if (rows.length !== needed) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected ${needed} initial states or none, got ${rows.length}; give all of them`,
    );
  }
  const states = rows.map((row, index) => {
    const value = builder.inLayout(row, false);
    return builder.single(`${path}/initial:${index}`, 'Unsqueeze', [value, builder.integers([0])], {
      shape: [1, ...row.shape],
    });
  });
  return directions.map((cells) =>
    statesInOrder(
      call,
      statesInOrder(call, cells).map(({ weights }) => {
        const [h, c] = states.splice(0, weights.cell === 'lstm' ? 2 : 1);
        return weights.cell === 'lstm' ? { h, c } : { h };
      }),
    ),
  );
}

/** Removes the directions axis of [time, 1, batch, units] or [1, batch, units]. */
function squeezed({ builder }: LayerCall, value: Value, place: 0 | 1, name?: string): Value {
  const shape = value.shape.filter((_, index) => index !== place);
  const own = name ?? `${value.name.replace(/:Y$/, '')}/squeeze`;
  return builder.single(own, 'Squeeze', [value, builder.integers([place])], {
    shape,
    timeMajor: place === 1,
  });
}

/** Reverses a time-major sequence. A reverse node keeps the original time order; TensorFlow.js's layer outputs in processing order. */
export function reverseSequence({ builder, path }: LayerCall, sequence: Value): Value {
  return reverseTime(builder, `${path}/reversed`, sequence);
}
