import type { Sampling, Scaler } from '@onda/contract';
import { outputScaler, tensorNames } from '@onda/contract';
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
 * @param layout   of the states: one row, or each a tensor of its own
 * @param sampling what the outputs are: they too come in the data's own units
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
