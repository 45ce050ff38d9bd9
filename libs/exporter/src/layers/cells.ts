import { ModelError } from '@onda/contract';
import { isObject } from '../artifacts/json.ts';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { UnsupportedError } from '../errors.ts';
import { isRecurrentClass, recurrentKinds } from '../recurrent/recurrentKinds.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';

/** One recurrent cell of a layer, with what comes behind the layer's name to name it. */
export interface Cell {
  readonly part: string;
  readonly weights: RecurrentWeights;
}

/** The cells of a recurrent layer, the first one first: one, unless it is an RNN of StackedRNNCells. */
export function readCells(className: string, options: LayerOptions, weights: LayerWeights): Cell[] {
  if (isRecurrentClass(className))
    return [{ part: '', weights: recurrentKinds[className](options, weights) }];
  const { layer } = options;
  if (className !== 'RNN') {
    throw new UnsupportedError(
      `layer "${layer}": a Bidirectional ${className} is not supported; put it around a SimpleRNN, LSTM, GRU or RNN layer`,
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
    const own = weights.within(`RNNCell_${index}`);
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
      `layer "${layer}": cell ${className} is not supported; take SimpleRNNCell, LSTMCell, GRUCell or StackedRNNCells of these`,
    );
  }
  return recurrentKinds[className](new LayerOptions(layer, config), weights);
}
