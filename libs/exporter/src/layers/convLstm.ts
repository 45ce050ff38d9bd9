import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis, emitZeros } from '../graph/ops.ts';
import { emitScan } from '../graph/subgraphs.ts';
import type { Dim, Value } from '../graph/value.ts';
import { emitActivation, isOverAxis } from './activations.ts';
import { swapKernel } from './convolution.ts';
import type { LayerCall, LayerConverter, LayerFamily } from './layerRule.ts';
import { batchMajor, layerConstant, mixes } from './layerRule.ts';
import { reverseSequence } from './recurrent.ts';
import { fixed } from './reshaping.ts';
import type { Window } from './window.ts';
import { channelsFirst, paddingOf, perDim, windowAttributes, windowPlaces } from './window.ts';

/** Gates of the four convolutions, in TensorFlow.js's order. */
const gates = ['i', 'f', 'c', 'o'] as const;

/**
 * An LSTM with convolutions as its products. ONNX has no such operator, so it is a Scan over time; one pass is
 *
 *   i, f, g, o = Conv(x_t, W) + b + Conv(h, R)      R has stride 1 and padding `same`, whatever W has (ConvLSTM2DCell.recurrentConv)
 *   c = rec(f) c + rec(i) act(g),   h = rec(o) act(c)
 *
 *   x [batch, time, rows, columns, channels] ---> [batch, time, rows, columns, filters], or the last one
 */
const convertConvLstm: LayerConverter = (call) => {
  const { builder, path, options } = call;
  refuseWhatItHasNot(call);
  const first = channelsFirst(call);
  const given = builder.transposed(
    batchMajor(call),
    first ? [1, 0, 2, 3, 4] : [1, 0, 4, 2, 3],
    `${path}/time_major`,
  );
  const x = options.flag('go_backwards', false) ? reverseSequence(call, given) : given;
  const [channels, ...places] = fixed(call, x.shape.slice(2));
  const cell = new ConvCell(call, channels, places);
  const zeros = emitZeros(builder, `${path}/zeros`, x, cell.image.map(Number));
  const { states, outputs } = emitScan(builder, path, [zeros, zeros], x, (inner, [h, c], entry) => {
    const next = cell.emit(inner, entry, h, c);
    return { states: [next.h, next.c], output: next.h };
  });
  const images = states.map((state, index) =>
    first ? state : builder.transposed(state, [0, 2, 3, 1], `${path}/state:${index}/channels_last`),
  );
  const perm = first ? [1, 0, 2, 3, 4] : [1, 0, 3, 4, 2];
  const y = options.flag('return_sequences', false)
    ? builder.transposed(outputs, perm, `${path}/batch_major`)
    : images[0];
  return options.flag('return_state', false) ? [y, ...images] : [y];
};

function refuseWhatItHasNot({ options, inputs, mask }: LayerCall): void {
  const refuse = (what: string, remedy: string): never => {
    throw new UnsupportedError(
      `layer "${options.layer}": ${what} of a ConvLSTM2D is not supported; ${remedy}`,
    );
  };
  if (inputs.length > 1) refuse('a given state', 'start from zeros');
  if (mask !== null) refuse('a mask over the samples', 'remove the mask');
  for (const name of ['activation', 'recurrent_activation']) {
    if (isOverAxis(options, name))
      refuse(`${name} "${String(options.get(name))}"`, 'use an element-wise one');
  }
}

/** One step of the layer, with its weights. */
class ConvCell {
  /** Shape of a state without the batch: [filters, rows, columns]. */
  readonly image: readonly Dim[];
  private readonly call: LayerCall;
  private readonly filters: number;
  private readonly ofInput: Window;
  private readonly ofState: Window;
  private readonly places: readonly number[];
  private readonly constants: { readonly kernel: string; readonly recurrent: string; readonly bias: string };

  constructor(call: LayerCall, channels: number, places: readonly number[]) {
    const { options, weights, path } = call;
    this.call = call;
    this.places = places;
    this.filters = options.count('filters');
    const sizes = perDim(call, 'kernel_size', 2, 1);
    const ones = sizes.map(() => 1);
    this.ofInput = {
      sizes,
      strides: perDim(call, 'strides', 2, 1),
      dilations: perDim(call, 'dilation_rate', 2, 1),
      padding: paddingOf(call),
    };
    this.ofState = { sizes, strides: ones, dilations: ones, padding: 'same' };
    this.image = [this.filters, ...windowPlaces(path, this.ofInput, places)];
    const columns = gates.length * this.filters;
    const kernel = (name: string, depth: number): string =>
      layerConstant(call, name, [columns, depth, ...sizes], () =>
        swapKernel(weights.get(name, [...sizes, depth, columns]), depth, columns, false),
      );
    this.constants = {
      kernel: kernel('kernel', channels),
      recurrent: kernel('recurrent_kernel', this.filters),
      bias: options.flag('use_bias', true)
        ? layerConstant(call, 'bias', [columns], () => weights.get('bias', [columns]))
        : '',
    };
  }

  emit(inner: GraphBuilder, entry: Value, h: Value, c: Value): { h: Value; c: Value } {
    const { path, options } = this.call;
    const { kernel, recurrent, bias } = this.constants;
    const [filters, ...places] = this.image;
    const all = { shape: [entry.shape[0], gates.length * this.filters, ...places] };
    const at = (part: string): string => `${path}/${part}`;
    const ofInput = windowAttributes(this.ofInput, this.places);
    const ofState = windowAttributes(this.ofState, places);
    const fromInput = inner.single(at('input'), 'Conv', [entry, kernel, bias], all, ofInput);
    const fromState = inner.single(at('recurrent'), 'Conv', [h, recurrent], all, ofState);
    const sums = inner.single(at('sum'), 'Add', [fromInput, fromState], all);
    const one = { shape: [entry.shape[0], filters, ...places] };
    const [i, f, g, o] = inner.node({
      name: at('gates'),
      op: 'Split',
      inputs: [sums, inner.integers(gates.map(() => this.filters))],
      outputs: gates.map((part) => ({ part, ...one })),
      attributes: axis(1),
    });
    const gate = (part: string, x: Value): Value =>
      emitActivation(inner, at(part), x, options, 'recurrent_activation', 'hard_sigmoid');
    const value = (part: string, x: Value): Value =>
      emitActivation(inner, at(part), x, options, 'activation', 'tanh');
    const kept = inner.single(at('kept'), 'Mul', [gate('gate_f', f), c], one);
    const added = inner.single(at('added'), 'Mul', [gate('gate_i', i), value('candidate', g)], one);
    const next = inner.single(at('c'), 'Add', [kept, added], one);
    return { c: next, h: inner.single(at('h'), 'Mul', [gate('gate_o', o), value('shown', next)], one) };
  }
}

export const convLstmLayers = {
  ConvLSTM2D: {
    convert: convertConvLstm,
    timing: mixes('its states are images, which state rows do not hold'),
  },
} satisfies LayerFamily;
