import type { Scaler } from '@onda/contract';
import { tensorNames } from '@onda/contract';
import type { Graph } from '@onda/onnx';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import type { StateLayout } from '../model/stateTensors.ts';
import { stateInputs, stateTensors } from '../model/stateTensors.ts';
import { emitPack, emitReadout, emitStack, emitUnpack, netConstants } from './emitNet.ts';
import type { Net } from './net.ts';
import { emitScale, emitUnscale } from './scaling.ts';

/**
 * The graph of model.onnx.
 *
 *   x [batch, time, features], state_in [batch, state]  ->  y [batch, time, outputs], state_out [batch, state]
 *
 * @param layout of the states: one row, or each a tensor of its own
 */
export function sequenceGraph(net: Net, scaler: Scaler, layout: StateLayout): Graph {
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
  const y = emitUnscale(builder, emitReadout(builder, net, constants, '', run.y), scaler);
  builder.output(output, builder.inLayout(y, false));
  emitPack(builder, layout, run.states);
  return builder.build();
}
