import type { TensorLists } from '@onda/contract';
import { attribute } from '@onda/onnx';
import type { Model } from '@onda/onnx';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import { scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import { exporterVersion, makeModel, opsets, tensorSpecs } from '../model/onnxModel.ts';
import { RowOps } from './rowOps.ts';
import type { SeasonForecast, SeasonNetwork } from './seasonGraph.ts';
import { emitSeasonNetwork } from './seasonGraph.ts';
import { emitTheta } from './thetaGraph.ts';
import type { ThetaPart } from './thetaSeason.ts';

export interface ExportForecasterOptions {
  readonly name: string;
  /** Columns of a series; each is forecast by itself, with the same weights. */
  readonly targets: number;
  readonly network: SeasonNetwork;
  /** The Theta method, averaged in transformed units; null: the network alone. */
  readonly theta: ThetaPart | null;
  /** 14 to 21; 17 by default. */
  readonly opset?: number;
}

export interface ExportedForecaster {
  readonly model: Model;
  readonly tensors: TensorLists;
  /** Levels in the order of the blocks of y: the median first. */
  readonly levels: readonly number[];
}

/**
 * Exports a direct forecaster: the ensemble, its scaling and the average with the Theta method in one graph.
 *
 *   x [batch, time, targets]  ->  y [batch, horizon, levels * targets]
 *
 * x is the history in the units of the data, from one season on. y has one block of targets per level, the median first.
 *
 * @throws ConfigError for an opset out of range
 */
export function exportForecaster(options: ExportForecasterOptions): ExportedForecaster {
  const { name, targets, network, theta, opset = opsets.default } = options;
  const { period, horizon, levels } = network;
  const builder = new GraphBuilder(name, ['y']);
  const ops = new RowOps(builder, opset);
  const x = builder.input('x', 'float32', ['batch', 'time', targets]);
  const sizes = builder.single('sizes', 'Shape', [x], { shape: [3], type: 'int64' });
  const time = ops.gather('time', sizes, builder.integers([1]), 0, [1]);
  const byColumn = builder.transposed(x, [0, 2, 1], 'columns');
  // Each column is a separate row. A history of unknown length needs its length in the shape.
  const rowSizes = builder.single(
    'row_sizes',
    'Concat',
    [builder.integers([-1]), time],
    { shape: [2], type: 'int64' },
    { axis: attribute.int(0) },
  );
  const rows = builder.single('rows', 'Reshape', [byColumn, rowSizes], { shape: ['rows', 'time'] });

  const forecast = emitSeasonNetwork(ops, rows, time, network);
  const positive = network.transform === 'log';
  const averaged =
    theta === null
      ? forecast.quantiles
      : emitAverage(
          ops,
          network,
          theta,
          forecast,
          emitTheta(ops, rows, time, theta, { period, horizon, positive }),
        );
  const values = emitUnits(ops, forecast, averaged);

  const order = [...levels.keys()]
    .sort((a, b) => Math.abs(levels[a] - 0.5) - Math.abs(levels[b] - 0.5))
    .slice(0, 1);
  const places = [...order, ...[...levels.keys()].filter((place) => !order.includes(place))];
  const shape = ['rows', horizon, levels.length];
  const medianFirst = ops.gather('median_first', values, ops.integers('level_places', places), 2, shape);
  const columns = ops.reshape(
    'by_column',
    medianFirst,
    [-1, targets, horizon, levels.length],
    ['batch', targets, horizon, levels.length],
  );
  const blocks = builder.single(
    'blocks',
    'Transpose',
    [columns],
    { shape: ['batch', horizon, levels.length, targets] },
    { perm: attribute.ints([0, 2, 3, 1]) },
  );
  builder.output('y', ops.reshape('joined', blocks, [0, 0, -1], ['batch', horizon, levels.length * targets]));
  const model = makeModel(builder.build(), { opset, producerVersion: exporterVersion });
  return { model, tensors: tensorSpecs(model.graph), levels: places.map((place) => levels[place]) };
}

/** Moves all quantiles by a share of the distance from the median to Theta's forecast, in transformed units. */
function emitAverage(
  ops: RowOps,
  { horizon, levels }: SeasonNetwork,
  { weight }: ThetaPart,
  { quantiles, least, standard }: SeasonForecast,
  theta: Value,
): Value {
  const { builder } = ops;
  const shape = ['rows', horizon];
  const transformed =
    standard === undefined
      ? ops.each(
          'theta/logarithms',
          'Log',
          [ops.each('theta/raised', 'Max', [theta, least as Value], shape)],
          shape,
        )
      : ops.each(
          'theta/standardized',
          'Div',
          [ops.each('theta/shifted', 'Sub', [theta, standard.shift], shape), standard.factor],
          shape,
        );
  const middle = levels.length >> 1;
  const median = ops.reshape(
    'median',
    ops.slice('median_level', quantiles, 2, middle, middle + 1),
    [0, -1],
    shape,
  );
  const distance = ops.each('theta/distance', 'Sub', [transformed, median], shape);
  const share = ops.each('theta/share', 'Mul', [distance, scalar(builder, weight)], shape);
  const move = ops.reshape('theta/move', share, [0, 0, 1], [...shape, 1]);
  return ops.each('averaged', 'Add', [quantiles, move], quantiles.shape);
}

/** Back to the units of the data. */
function emitUnits(ops: RowOps, { standard }: SeasonForecast, values: Value): Value {
  if (standard === undefined) return ops.each('in_units', 'Exp', [values], values.shape);
  const [shift, factor] = [standard.shift, standard.factor].map((value, index) =>
    ops.reshape(index === 0 ? 'shift_cell' : 'factor_cell', value, [-1, 1, 1], ['rows', 1, 1]),
  );
  return ops.each(
    'in_units',
    'Add',
    [ops.each('unscaled', 'Mul', [values, factor], values.shape), shift],
    values.shape,
  );
}
