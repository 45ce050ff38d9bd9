import { LayerOptions } from '../artifacts/layerOptions.ts';
import { isObject } from '../artifacts/json.ts';
import { UnsupportedError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/emitRecurrent.ts';
import { isRecurrentClass, recurrentKinds } from '../recurrent/recurrentKinds.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { sharedConstants } from './layerCall.ts';

/** One recurrent cell of a layer, with the name that its nodes and states go by. */
interface Cell {
  readonly path: string;
  readonly weights: RecurrentWeights;
}

/** SimpleRNN, LSTM, GRU, and Onda's layers: one node. */
export const convertRecurrent: LayerConverter = (call) => {
  const { className, options, weights, path } = call;
  if (!isRecurrentClass(className))
    throw new UnsupportedError(`layer "${options.layer}": ${className} is not a recurrent layer; report it`);
  return convertCells(call, [{ path, weights: recurrentKinds[className](options, weights) }]);
};

/** RNN with a cell, or with cells stacked: one node a cell. */
export const convertRNN: LayerConverter = (call) => {
  const { options, path, weights } = call;
  const cell = options.get('cell');
  const config = isObject(cell) && isObject(cell['config']) ? cell['config'] : {};
  const className = isObject(cell) ? String(cell['class_name']) : 'none';
  const stacked: unknown[] = Array.isArray(config['cells']) ? config['cells'] : [];
  if (className !== 'StackedRNNCells') {
    return convertCells(call, [{ path, weights: readCell(options.layer, className, config, weights) }]);
  }
  const cells = stacked.map((value, index) => {
    const inner = isObject(value) && isObject(value['config']) ? value : { config: {} };
    const own = weights.within(`RNNCell_${index}`);
    const read = readCell(
      options.layer,
      String(inner['class_name']),
      inner['config'] as Record<string, unknown>,
      own,
    );
    return { path: `${path}/cell_${index}`, weights: read };
  });
  return convertCells(call, cells);
};

function readCell(
  layer: string,
  className: string,
  config: Readonly<Record<string, unknown>>,
  weights: LayerCall['weights'],
): RecurrentWeights {
  if (!isRecurrentClass(className)) {
    throw new UnsupportedError(
      `layer "${layer}": cell ${className} is not supported; take SimpleRNNCell, LSTMCell, GRUCell or StackedRNNCells of these`,
    );
  }
  return recurrentKinds[className](new LayerOptions(layer, config), weights);
}

/**
 * Recurrent nodes one after the other: the options of the layer, the states of the cells.
 *
 * Given states, as inputs and as outputs, are in the order of TensorFlow.js: those of the last cell first.
 */
function convertCells(call: LayerCall, cells: readonly Cell[]): Value[] {
  const { builder, path, options, inputs, states } = call;
  const backwards = options.flag('go_backwards', false);
  if (states.stateful && backwards) {
    throw new UnsupportedError(
      `layer "${options.layer}": go_backwards: a layer that walks backwards needs the end of a sequence, so its state cannot go on to the next piece; export without stateful`,
    );
  }
  const given = givenStates(call, cells);
  let x = builder.inLayout(inputs[0], true);
  const ends = cells.map(({ path: name, weights }, index) => {
    const run = emitRecurrent(builder, {
      name,
      directions: [weights],
      reverse: backwards,
      constants: recurrentConstants(sharedConstants(call), name, [weights]),
      x,
      states: given?.[index] ?? states.start(name, weights),
    });
    if (given === null) states.end(name, run.states);
    const [time, , batch, units] = run.y.shape;
    const y = builder.single(`${name}/squeeze`, 'Squeeze', [run.y, builder.integers([1])], {
      shape: [time, batch, units],
      timeMajor: true,
    });
    x = y;
    return run.states;
  });
  const last = ends[ends.length - 1];
  const sequences = options.flag('return_sequences', false);
  const values = sequences ? (backwards ? reversed(call, x) : x) : squeezed(call, last.h, `${path}/last`);
  if (!options.flag('return_state', false)) return [values];
  const finals = ends.toReversed().flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]));
  return [values, ...finals.map((state, index) => squeezed(call, state, `${path}/state:${index}`))];
}

/** The initial states that are inputs of the layer, per cell; null when there are none. */
function givenStates(call: LayerCall, cells: readonly Cell[]): RecurrentStates[] | null {
  const { builder, path, options, inputs } = call;
  const rows = inputs.slice(1);
  if (rows.length === 0) return null;
  const needed = cells.reduce((count, { weights }) => count + (weights.cell === 'lstm' ? 2 : 1), 0);
  if (rows.length !== needed) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected ${needed} initial states or none, got ${rows.length}; give all of them`,
    );
  }
  const states = rows.map((row, index) =>
    builder.single(
      `${path}/initial:${index}`,
      'Unsqueeze',
      [builder.inLayout(row, false), builder.integers([0])],
      {
        shape: [1, ...row.shape],
      },
    ),
  );
  return cells
    .toReversed()
    .map(({ weights }) => {
      const [h, c] = states.splice(0, weights.cell === 'lstm' ? 2 : 1);
      return weights.cell === 'lstm' ? { h, c } : { h };
    })
    .reverse();
}

/** [1, batch, units] ---> [batch, units] */
function squeezed({ builder }: LayerCall, state: Value, name: string): Value {
  return builder.single(name, 'Squeeze', [state, builder.integers([0])], { shape: state.shape.slice(1) });
}

/**
 * A time-major sequence from its end. A node that walks backwards puts its values where it met them; TensorFlow.js's layer puts them
 * out in the order in which it came to them.
 */
function reversed({ builder, path }: LayerCall, sequence: Value): Value {
  const [start, end, axis, step] = [-1, -(2 ** 53 - 1), 0, -1].map((value) => builder.integers([value]));
  return builder.single(`${path}/reversed`, 'Slice', [sequence, start, end, axis, step], sequence);
}
