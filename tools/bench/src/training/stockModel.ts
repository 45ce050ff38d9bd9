import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { CellKind } from '@onda/contract';
import type { NetSpec } from '@onda/nets';
import type { Start } from '../netWorkload.ts';
import { fromBase64 } from '../netWorkload.ts';

/** A model of TensorFlow.js's own layers: simpleRNN, lstm or gru, and a dense read-out of every sample. */
export interface StockModel {
  /**
   * @param x      [batch, time, features]
   * @param states of each layer h (and c), each [batch, units]; null: zeros
   */
  apply(x: tf.Tensor3D, states: readonly tf.Tensor[] | null): { y: tf.Tensor3D; states: tf.Tensor[] };
  dispose(): void;
}

/** The model of a start with its weights. Stock layers have one bias vector: the sum of PyTorch's two. */
export function stockModel({ work, weights }: Start): StockModel {
  const { spec } = work;
  const stack = Array.from({ length: spec.layers }, () => recurrentLayer(spec));
  const readout = layers.layers.dense({ units: spec.outputs });
  const input = layers.input({ shape: [work.samples, spec.features] });
  // Applying the layers as a model creates their weights; a step applies them to tensors.
  let symbolic: layers.SymbolicTensor = input;
  for (const layer of stack) [symbolic] = layer.apply(symbolic) as layers.SymbolicTensor[];
  readout.apply(symbolic);
  tf.tidy(() => {
    const values = new Map(weights.map((weight) => [weight.name, weight]));
    const tensorOf = (name: string): tf.Tensor => {
      const weight = values.get(name);
      if (weight === undefined) throw new Error(`expected a weight ${name} in the start file`);
      return tf.tensor(fromBase64(weight.values), weight.shape);
    };
    for (const [index, layer] of stack.entries()) {
      const arranged = (name: string): tf.Tensor =>
        tf.transpose(stockGates(tensorOf(`rnn.${name}_l${index}`), spec.cell));
      layer.setWeights([
        arranged('weight_ih'),
        arranged('weight_hh'),
        tf.add(arranged('bias_ih'), arranged('bias_hh')),
      ]);
    }
    readout.setWeights([tf.transpose(tensorOf('linear.weight')), tensorOf('linear.bias')]);
  });
  const perLayer = stateCounts[spec.cell];
  return {
    apply: (x, states) => {
      let values: tf.Tensor = x;
      const after: tf.Tensor[] = [];
      for (const [index, layer] of stack.entries()) {
        const initialState = states?.slice(index * perLayer, (index + 1) * perLayer);
        const [y, ...layerStates] = layer.apply(
          values,
          initialState ? { initialState } : undefined,
        ) as tf.Tensor[];
        values = y;
        after.push(...layerStates);
      }
      return { y: readout.apply(values) as tf.Tensor3D, states: after };
    },
    dispose: () => {
      for (const layer of [...stack, readout]) layer.dispose();
    },
  };
}

type StockLayer = ReturnType<typeof layers.layers.rnn>;

/** Zeros, since the weights are set later: drawing an orthogonal matrix takes TensorFlow.js seconds. */
const common = {
  returnSequences: true,
  returnState: true,
  kernelInitializer: 'zeros',
  recurrentInitializer: 'zeros',
} as const;

const layerMakers = {
  rnn: (units) => layers.layers.simpleRNN({ ...common, units, activation: 'tanh' }),
  // The stock default is hardSigmoid, which the others do not have.
  lstm: (units) => layers.layers.lstm({ ...common, units, recurrentActivation: 'sigmoid' }),
  gru: (units) => layers.layers.gru({ ...common, units, recurrentActivation: 'sigmoid' }),
} satisfies Record<CellKind, (units: number) => StockLayer>;

function recurrentLayer({ cell, units }: NetSpec): StockLayer {
  return layerMakers[cell](units);
}

/**
 * Position of each of TensorFlow.js's gates among PyTorch's.
 *
 *   TF.js   rnn: h   lstm: i f c o   gru: z r h   (tfjs-layers recurrent.ts, call of each cell)
 *   PyTorch rnn: h   lstm: i f g o   gru: r z n   (torch.nn.LSTM, torch.nn.GRU)
 */
const gateOrders = { rnn: [0], lstm: [0, 1, 2, 3], gru: [1, 0, 2] } satisfies Record<CellKind, number[]>;

/** States of a layer: h, and LSTM's c. */
const stateCounts = { rnn: 1, lstm: 2, gru: 1 } satisfies Record<CellKind, number>;

/** A weight [gates * units, ...] with its gates in TensorFlow.js's order. */
function stockGates(weight: tf.Tensor, cell: CellKind): tf.Tensor {
  const order = gateOrders[cell];
  const gates = tf.split(weight, order.length);
  return tf.concat(order.map((gate) => gates[gate]));
}
