import type { CellKind, Scaler } from '@onda/contract';
import { tensorNames } from '@onda/contract';
import type { Graph } from '@onda/onnx';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import { emitIf } from '../graph/subgraphs.ts';
import { emitPack, emitStack, emitUnpack, netConstants } from '../model/netGraph.ts';
import type { Net } from '../model/readNet.ts';
import { emitScale } from '../model/scaling.ts';
import type { StateLayout } from '../model/states.ts';
import { stateInputs, stateTensors } from '../model/states.ts';
import { blockLoop } from './blockLoop.ts';
import { cellLoop } from './cellLoop.ts';
import type { ClosedLoop } from './closedLoop.ts';
import { listStates, statesOfList } from './closedLoop.ts';
import { exactLoop } from './exactLoop.ts';
import { gruAsLstmLoop, hasLstmForm } from './gruAsLstmLoop.ts';
import { nodeLoop } from './nodeLoop.ts';
import { scanLoop } from './scanLoop.ts';

/**
 * The graph of generator.onnx for an Onda net. Without a scaler the loop takes the fastest form; with one it consists of model.onnx's own
 * operations.
 *
 *   x [batch, time, features], time >= lag; state_in [batch, state]; samples int64 [1], at least 0
 *     ->  y [batch, samples, outputs], state_out [batch, state]
 *
 * `y` starts with the first value after the prompt. `state_out` is the state after the last fed value; after the prompt where
 * `samples` is at most the lag.
 */
export function netGeneratorGraph(net: Net, scaler: Scaler, lag: number, layout: StateLayout): Graph {
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
function chooseLoop(net: Net, lag: number): ClosedLoop {
  if (lag > 1) return blockLoop;
  const { cell, layers, units } = net.spec;
  if (layers > 1) return scanLoop;
  const values = valuesPerSample[cell] * units;
  return chooseByBatch(
    minBatchForScan[cell](net, units),
    values,
    cell === 'gru' ? gruAsLstmLoop : nodeLoop,
    cellLoop,
  );
}

/**
 * Batch sizes from which a Scan beats the single node; measured on one thread with 16 to 128 units and batches of 1 to 1,024.
 * The RNN kernel calls its activation value by value; the LSTM in place of a GRU has sixteen times the products.
 */
const minBatchForScan = {
  rnn: (_, units) => Math.ceil(128 / units),
  lstm: () => 48,
  gru: (net, units) => (hasLstmForm(net) && units <= 44 ? Math.ceil(64 / units) : 1),
} satisfies Record<CellKind, (net: Net, units: number) => number>;

/** Values per sample that the loop-free forms hold, in units: gate sums and h; for a GRU in two phases of twice the units. */
const valuesPerSample = { rnn: 2, lstm: 5, gru: 20 } as const satisfies Record<CellKind, number>;

/** Float32 values that a loop-free form may hold, 256 MiB: it computes all samples at once. */
const MOST_VALUES = 2 ** 26;

/**
 * Selects one of two loop forms at run time by the batch size and the memory of `small`.
 *
 * @param least  batch size from which `large` runs
 * @param values that `small` holds per sample of one sequence
 */
function chooseByBatch(least: number, values: number, small: ClosedLoop, large: ClosedLoop): ClosedLoop {
  if (least <= 1) return large;
  return (builder, start) => {
    const { batch, samples, net, prompt } = start;
    const flag = { shape: [1], type: 'bool' as const };
    const wide = builder.single('loop/is_wide', 'GreaterOrEqual', [batch, builder.integers([least])], flag);
    const all = builder.single('loop/size', 'Mul', [samples, batch], { shape: [1], type: 'int64' });
    const most = builder.integers([Math.floor(MOST_VALUES / values)]);
    const long = builder.single('loop/is_long', 'Greater', [all, most], flag);
    const isLarge = builder.single('loop/is_large', 'Or', [wide, long], flag);
    const branch =
      (loop: ClosedLoop) =>
      (inner: typeof builder): ReturnType<typeof listStates> => {
        const { y, states } = loop(inner, start);
        return [y, ...listStates(states)];
      };
    const [y, ...states] = emitIf(builder, 'by_batch', isLarge, branch(large), branch(small));
    const shape = ['samples', 'batch', net.spec.outputs];
    return { y: { ...y, shape, timeMajor: true }, states: statesOfList(states, prompt.states) };
  };
}
