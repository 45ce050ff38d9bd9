import type { Scaler } from '@onda/contract';
import { tensorNames } from '@onda/contract';
import type { Graph } from '@onda/onnx';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import { emitPack, emitReadout, emitStack, emitUnpack, netConstants } from './emitNet.ts';
import type { Net } from './net.ts';
import { emitScale, emitUnscale } from './scaling.ts';
import { stateSize } from './stateRows.ts';

/**
 * The graph of model.onnx.
 *
 *   x [batch, time, features], state_in [batch, state]  ->  y [batch, time, outputs], state_out [batch, state]
 */
export function sequenceGraph(net: Net, scaler: Scaler): Graph {
  const { input, stateIn, output, stateOut } = tensorNames;
  const builder = new GraphBuilder(net.name, [output, stateOut]);
  const x = builder.input(input, 'float32', ['batch', 'time', net.spec.features]);
  const state = builder.input(stateIn, 'float32', ['batch', stateSize(net)]);

  const constants = netConstants(builder, net);
  const scaled = builder.inLayout(emitScale(builder, x, scaler), true);
  const run = emitStack(builder, net, constants, '', scaled, emitUnpack(builder, net, state));
  const y = emitUnscale(builder, emitReadout(builder, net, constants, '', run.y), scaler);
  builder.output(output, builder.inLayout(y, false));
  builder.output(stateOut, emitPack(builder, run.states));
  return builder.build();
}
