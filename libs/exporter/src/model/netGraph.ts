import type { Sampling, Scaler } from '@onda/contract';
import { outputScaler, tensorNames } from '@onda/contract';
import type { Graph } from '@onda/onnx';
import { floatTensor } from '@onda/onnx';
import type { ConstantHolder } from '../graph/graphBuilder.ts';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { RecurrentConstants, RecurrentStates } from '../recurrent/recurrentNode.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/recurrentNode.ts';
import type { Net, Readout } from './readNet.ts';
import { emitScale, emitUnscale } from './scaling.ts';
import type { StateLayout } from './states.ts';
import { outputStates, stateInputs, stateParts, statesByLayer, stateTensors } from './states.ts';

/**
 * The graph of model.onnx for an Onda net.
 *
 *   x [batch, time, features], state_in [batch, state]  ->  y [batch, time, outputs], state_out [batch, state]
 *
 * @param layout   of the states
 * @param sampling meaning of the outputs, which are in data units too
 */
export function sequenceGraph(
  net: Net,
  scaler: Scaler,
  layout: StateLayout,
  sampling: Sampling | null,
): Graph {
  const { input, output } = tensorNames;
  const builder = new GraphBuilder(net.name, [
    output,
    ...stateTensors(layout).map((tensor) => tensor.output),
  ]);
  const x = builder.input(input, 'float32', ['batch', 'time', net.spec.features]);
  const state = stateInputs(builder, layout);

  const constants = netConstants(builder, net);
  const scaled = builder.inLayout(emitScale(builder, x, scaler), true);
  const run = emitStack(builder, net, constants, '', scaled, emitUnpack(builder, net, layout, state));
  const readout = emitReadout(builder, net, constants, '', run.y);
  const y =
    sampling === null
      ? emitUnscale(builder, readout, scaler)
      : emitUnscale(builder, readout, outputScaler(scaler, sampling), 'output_scaler');
  builder.output(output, builder.inLayout(y, false));
  emitPack(builder, layout, run.states);
  return builder.build();
}

/** Names of a net's weights in a graph. */
export interface NetConstants {
  readonly layers: readonly RecurrentConstants[];
  readonly readout: { readonly kernel: string; readonly bias: string };
}

export function netConstants(holder: ConstantHolder, { layers, readout }: Net): NetConstants {
  return {
    layers: layers.map(({ name, weights }) => recurrentConstants(holder, name, [weights])),
    readout: readoutConstants(holder, readout),
  };
}

function readoutConstants(
  holder: ConstantHolder,
  { name, kernel, bias }: Readout,
): { kernel: string; bias: string } {
  const outputs = bias.length;
  return {
    kernel: holder.constant(floatTensor(`${name}/kernel`, [kernel.length / outputs, outputs], kernel)),
    bias: holder.constant(floatTensor(`${name}/bias`, [outputs], bias)),
  };
}

/** The result of a net over a sequence. */
export interface StackRun {
  /** h of the last layer for every sample, time-major, [time, batch, units]. */
  readonly y: Value;
  /** Each layer's states after the last sample, [1, batch, units]. */
  readonly states: readonly RecurrentStates[];
}

/**
 * Adds the recurrent layers over a sequence, one node each, in the time-major layout.
 *
 * @param prefix of the layers' names
 * @param x      time-major, [time, batch, features]
 * @param states of each layer, [1, batch, units]
 */
export function emitStack(
  builder: GraphBuilder,
  net: Net,
  constants: NetConstants,
  prefix: string,
  x: Value,
  states: readonly RecurrentStates[],
): StackRun {
  let y = x;
  const finals = net.layers.map(({ name, weights }, index) => {
    const run = emitRecurrent(builder, {
      name: `${prefix}${name}`,
      directions: [weights],
      constants: constants.layers[index],
      x: y,
      states: states[index],
    });
    const [time, , batch, units] = run.y.shape;
    y = builder.single(`${prefix}${name}/squeeze`, 'Squeeze', [run.y, builder.integers([1])], {
      shape: [time, batch, units],
      timeMajor: true,
    });
    return run.states;
  });
  return { y, states: finals };
}

/** Adds the read-out: [time, batch, units] ---> [time, batch, outputs]. */
export function emitReadout(
  builder: GraphBuilder,
  { readout }: Net,
  constants: NetConstants,
  prefix: string,
  h: Value,
): Value {
  const shape = [...h.shape.slice(0, -1), readout.bias.length];
  const like = { shape, timeMajor: h.timeMajor };
  const name = `${prefix}${readout.name}`;
  const product = builder.single(`${name}/matmul`, 'MatMul', [h, constants.readout.kernel], like);
  return builder.single(`${name}/add`, 'Add', [product, constants.readout.bias], like);
}

/** Each layer's states, [1, batch, units], from the state inputs. */
export function emitUnpack(
  builder: GraphBuilder,
  net: Net,
  layout: StateLayout,
  inputs: readonly Value[],
): RecurrentStates[] {
  const parts = stateParts(builder, layout, inputs);
  const states = statesByLayer(layout.rows, parts);
  return net.layers.map(({ name }) => states.get(name) as RecurrentStates);
}

/** Makes the layers' states, [1, batch, units] each, outputs of the graph. */
export function emitPack(
  builder: GraphBuilder,
  layout: StateLayout,
  states: readonly RecurrentStates[],
): void {
  const parts = states.flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]));
  outputStates(builder, layout, parts);
}
