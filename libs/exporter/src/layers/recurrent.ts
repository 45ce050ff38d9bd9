import type { Value } from '../graph/value.ts';
import type { Cell } from './cells.ts';
import { readCells } from './cells.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import type { LayerFamily, LayerRule, Timing } from './layerRule.ts';
import type { MaskRule } from './maskRules.ts';
import { givenStates, reversed, runCells, squeezed } from './runCells.ts';

/**
 * SimpleRNN, LSTM, GRU, Onda's layers, and RNN with a cell or with cells stacked: one node a cell.
 *
 * Given states, as inputs and as outputs, are in the order of TensorFlow.js: those of the last cell first.
 */
const convertRecurrent: LayerConverter = (call) => {
  const { className, options, weights, path, states } = call;
  options.require('time_major', false, 'TensorFlow.js takes no notice of it; let the batch come first');
  const cells = readCells(className, options, weights);
  const backward = options.flag('go_backwards', false);
  const nameOf = ({ part }: Cell): string => `${path}${part}`;
  const given = givenStates(call, [cells])?.[0];
  const initial = given ?? cells.map((cell) => states.start(nameOf(cell), cell.weights));
  const { y, ends } = runCells(call, [{ cells, part: '', backward, initial }]);
  if (given === undefined) {
    cells.forEach((cell, index) => {
      states.end(nameOf(cell), ends[index]);
    });
  }
  const values = options.flag('return_sequences', false)
    ? sequence(call, y, backward)
    : squeezed(call, ends[ends.length - 1].h, 0, `${path}/last`);
  if (!options.flag('return_state', false)) return [values];
  const finals = ends.toReversed().flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]));
  return [values, ...finals.map((state, index) => squeezed(call, state, 0, `${path}/state:${index}`))];
};

function sequence(call: LayerCall, y: Value, backward: boolean): Value {
  const values = squeezed(call, y, 1, `${call.path}/squeeze`);
  return backward ? reversed(call, values) : values;
}

/** The mask goes on with the sequence. */
export const sequenceMask: MaskRule = ({ options }, [first]) =>
  options.flag('return_sequences', false) ? first : null;

function recurrentTiming({ options, inputs }: LayerCall, output: number): Timing {
  if (options.flag('go_backwards', false)) {
    return { mixes: 'go_backwards: a layer that walks backwards needs the end of a sequence' };
  }
  if (inputs.length > 1) return { mixes: 'it starts every piece from the states that are its inputs' };
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
