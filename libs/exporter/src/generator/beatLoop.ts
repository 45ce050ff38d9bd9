import { floatTensor } from '@onda/onnx';
import { axis } from '../graph/axis.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Dim, Value } from '../graph/value.ts';
import { toTheEnd } from '../graph/toTheEnd.ts';
import type { Net } from '../net/net.ts';
import { emitReadout } from '../net/emitNet.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/emitRecurrent.ts';
import { beatWeights } from './beatWeights.ts';
import type { ClosedLoop, LoopStart } from './closedLoop.ts';

/** Gates of which f(-v) = 1 - f(v). */
const evenGates = ['Sigmoid', 'HardSigmoid'];

/** Whether `beatLoop` can run a net: one gru layer whose candidate is tanh, which also keeps h within -1 and 1. */
export function hasBeats({ layers: [{ weights }, ...others] }: Net): boolean {
  const { cell, activations } = weights;
  return (
    others.length === 0 &&
    cell === 'gru' &&
    evenGates.includes(activations[0].name) &&
    activations[1].name === 'Tanh'
  );
}

/** The closed loop of a one-layer gru with lag 1 as one LSTM node of two beats a sample (see beatWeights.ts): no loop in the graph. */
export const beatLoop: ClosedLoop = (builder, start) => {
  const { net, constants, prompt, samples } = start;
  const [layer] = net.layers;
  const { units } = layer.weights;
  const name = `loop/${layer.name}`;
  const zero = builder.integers([0]);
  const weights = beatWeights(layer, net.readout);
  const [{ h: first }] = prompt.states;
  // P's own start counts for nothing: its h meets a shut gate, its c is forgotten.
  const both = builder.single(
    'loop/start',
    'Concat',
    [first, first],
    { shape: [1, 'batch', 2 * units] },
    axis(2),
  );
  const run = emitRecurrent(builder, {
    name,
    directions: [weights],
    constants: recurrentConstants(builder, name, [weights]),
    x: beats(builder, start),
    states: { h: both, c: both },
  });
  // Of every second beat, Q's half.
  const second = builder.single(
    'loop/second',
    'Slice',
    [
      run.y,
      builder.integers([1, units]),
      builder.integers([toTheEnd, toTheEnd]),
      builder.integers([0, 3]),
      builder.integers([2, 1]),
    ],
    { shape: ['fed', 1, 'batch', units] },
  );
  const y = builder.single(`${name}/squeeze`, 'Squeeze', [second, builder.integers([1])], {
    shape: ['fed', 'batch', units],
    timeMajor: true,
  });
  const h = builder.single(
    'loop/h',
    'Concat',
    [first, y],
    { shape: ['run', 'batch', units], timeMajor: true },
    axis(0),
  );
  const wanted = builder.single('loop/wanted', 'Slice', [h, zero, samples, zero], {
    shape: ['samples', 'batch', units],
    timeMajor: true,
  });
  const last = builder.single(
    'loop/last_h',
    'Slice',
    [h, builder.integers([-1]), builder.integers([toTheEnd]), zero],
    { shape: [1, 'batch', units] },
  );
  return { y: emitReadout(builder, net, constants, '', wanted), states: [{ h: last }] };
};

/** 1, 0, 1, 0, ... for each sample that is fed, [2 fed, batch, 1]; the prompt's own last output is the first sample, so one less. */
function beats(builder: GraphBuilder, { samples, batch }: LoopStart): Value {
  const [zero, one] = [builder.integers([0]), builder.integers([1])];
  const int64 = (shape: readonly Dim[]): { shape: readonly Dim[]; type: 'int64' } => ({
    shape,
    type: 'int64',
  });
  const more = builder.single('loop/more', 'Sub', [samples, one], int64([1]));
  const fed = builder.single('loop/fed', 'Max', [more, zero], int64([1]));
  const pair = builder.constant(floatTensor('loop/pair', [1, 2, 1, 1], Float32Array.of(1, 0)));
  const shape = builder.single('loop/shape', 'Concat', [fed, one, batch, one], int64([4]), axis(0));
  const pairs = builder.single('loop/pairs', 'Expand', [pair, shape], { shape: ['fed', 2, 'batch', 1] });
  const length = builder.single('loop/length', 'Mul', [fed, builder.integers([2])], int64([1]));
  const flat = builder.single('loop/flat', 'Concat', [length, batch, one], int64([3]), axis(0));
  return builder.single('loop/beats', 'Reshape', [pairs, flat], {
    shape: ['beats', 'batch', 1],
    timeMajor: true,
  });
}
