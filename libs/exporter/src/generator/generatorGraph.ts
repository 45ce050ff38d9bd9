import type { CellKind, Scaler } from '@onda/contract';
import { tensorNames } from '@onda/contract';
import type { Graph } from '@onda/onnx';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import type { StateLayout } from '../model/stateTensors.ts';
import { stateInputs, stateTensors } from '../model/stateTensors.ts';
import { emitPack, emitStack, emitUnpack, netConstants } from '../net/emitNet.ts';
import type { Net } from '../net/net.ts';
import { emitScale } from '../net/scaling.ts';
import { beatLoop, hasBeats } from './beatLoop.ts';
import { blockLoop } from './blockLoop.ts';
import { byBatch } from './byBatch.ts';
import { cellLoop } from './cellLoop.ts';
import type { ClosedLoop } from './closedLoop.ts';
import { exactLoop } from './exactLoop.ts';
import { nodeLoop } from './nodeLoop.ts';
import { scanLoop } from './scanLoop.ts';

/**
 * The graph of generator.onnx: the prompt primes the net, then every prediction is fed back: in the fastest form where
 * values are the net's own, in model.onnx's own operations where they are scaled.
 *
 *   x [batch, time, features], time >= lag; state_in [batch, state]; samples int64 [1], at least 0
 *     ->  y [batch, samples, outputs], state_out [batch, state]
 *
 * The first of `y` is the first value after the prompt; `state_out` is the state after the last value that was fed, the prompt's last
 * when `samples` is at most the lag.
 */
export function generatorGraph(net: Net, scaler: Scaler, lag: number, layout: StateLayout): Graph {
  const { input, output, samples: samplesName } = tensorNames;
  const builder = new GraphBuilder(net.name, [
    output,
    ...stateTensors(layout).map((tensor) => tensor.output),
  ]);
  const x = builder.input(input, 'float32', ['batch', 'time', net.spec.features]);
  const state = stateInputs(builder, layout);
  const samples = builder.input(samplesName, 'int64', [1]);

  const constants = netConstants(builder, net);
  const scaled = builder.inLayout(emitScale(builder, x, scaler), true);
  const prompt = emitStack(builder, net, constants, '', scaled, emitUnpack(builder, net, layout, state));
  const sizes = builder.single('state/shape', 'Shape', [state[0]], { shape: [2], type: 'int64' });
  const batch = builder.single('state/batch', 'Gather', [sizes, builder.integers([0])], {
    shape: [1],
    type: 'int64',
  });

  const start = { net, constants, lag, prompt, samples, batch };
  const loop =
    scaler.kind === 'none' ? chooseLoop(net, lag)(builder, start) : exactLoop(builder, start, scaler);
  builder.output(output, builder.inLayout(loop.y, false));
  emitPack(builder, layout, loop.states);
  return builder.build();
}

/** The fastest exact form for a net. */
export function chooseLoop(net: Net, lag: number): ClosedLoop {
  if (lag > 1) return blockLoop;
  const { cell, layers, units } = net.spec;
  if (layers > 1) return scanLoop;
  const values = valuesOfSample[cell] * units;
  return byBatch(leastForScan[cell](net, units), values, cell === 'gru' ? beatLoop : nodeLoop, cellLoop);
}

/**
 * Batches from which on a Scan beats the one node that needs no loop; measured on one thread at 16 to 128 units, batches of 1 to 1,024.
 * The RNN node calls its activation value by value, so it falls behind soon; the LSTM that stands for a GRU has sixteen times the
 * products that it needs.
 */
const leastForScan = {
  rnn: (_, units) => Math.ceil(128 / units),
  lstm: () => 48,
  gru: (net, units) => (hasBeats(net) && units <= 56 ? Math.ceil(72 / units) : 1),
} satisfies Record<CellKind, (net: Net, units: number) => number>;

/** Values that the forms without a loop hold for a sample, in units: the gates' sums and h, for a gru in two beats of twice the units. */
const valuesOfSample = { rnn: 2, lstm: 5, gru: 20 } as const satisfies Record<CellKind, number>;
