import { attribute } from '@onda/onnx';
import { isObject } from '../artifacts/json.ts';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import { UnsupportedError } from '../errors.ts';
import { axis } from '../graph/axis.ts';
import type { Value } from '../graph/value.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/emitRecurrent.ts';
import { isRecurrentClass, recurrentKinds } from '../recurrent/recurrentKinds.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import { sharedConstants } from './layerCall.ts';
import { emitReduce } from './reduce.ts';

const mergeModes = ['concat', 'sum', 'ave', 'mul'] as const;
type MergeMode = (typeof mergeModes)[number];

/**
 * Bidirectional around a recurrent layer: one node with two directions.
 *
 * Outputs: the values of both, merged or one after the other, and with return_state the states, forward ones first.
 */
export const convertBidirectional: LayerConverter = (call) => {
  const { builder, path, options, weights, inputs, states } = call;
  const where = `layer "${options.layer}"`;
  if (states.stateful) {
    throw new UnsupportedError(
      `${where}: a Bidirectional layer needs the end of a sequence, so its state cannot go on to the next piece; export without stateful`,
    );
  }
  if (inputs.length > 1) {
    throw new UnsupportedError(
      `${where}: initial states of a Bidirectional layer are not supported; leave them out`,
    );
  }
  const inner = options.get('layer');
  const className = isObject(inner) ? String(inner['class_name']) : 'none';
  const config = isObject(inner) && isObject(inner['config']) ? inner['config'] : {};
  if (!isRecurrentClass(className)) {
    throw new UnsupportedError(
      `${where}: a Bidirectional ${className} is not supported; put it around a SimpleRNN, LSTM or GRU layer`,
    );
  }
  const own = new LayerOptions(options.layer, config);
  own.require('go_backwards', false, 'leave goBackwards to the Bidirectional layer');
  const name = String(config['name']);
  const directions = ['forward', 'backward'].map((direction) =>
    recurrentKinds[className](own, weights.within(`${direction}_${name}`)),
  );
  const run = emitRecurrent(builder, {
    name: path,
    directions,
    constants: recurrentConstants(sharedConstants(call), path, directions),
    x: builder.inLayout(inputs[0], true),
  });

  const values = own.flag('return_sequences', false) ? run.y : run.states.h;
  const merged = merge(call, { ...values, timeMajor: values.shape.length === 4 });
  if (!own.flag('return_state', false)) return merged;
  const { h, c } = run.states;
  const parts = (c === undefined ? [h] : [h, c]).map((state, index) =>
    apart(call, state, `${path}/state:${index}`),
  );
  return [...merged, ...[0, 1].flatMap((direction) => parts.map((pair) => pair[direction]))];
};

/** [time, 2, batch, units] or [2, batch, units] without the directions, which are one axis before the batch. */
function merge(call: LayerCall, values: Value): Value[] {
  const { builder, path, options } = call;
  const mode: MergeMode | null =
    options.get('merge_mode') === null ? null : options.choice('merge_mode', mergeModes, 'concat');
  const place = values.shape.length - 3;
  if (mode === null) return apart(call, values, `${path}/values`);
  const ops = { sum: 'ReduceSum', ave: 'ReduceMean', mul: 'ReduceProd' } as const;
  if (mode !== 'concat') return [emitReduce(call, `${path}/merge`, ops[mode], values, [place], false)];
  const before = values.shape.slice(0, place);
  const [directions, batch, units] = values.shape.slice(place);
  const perm = [...before.keys(), place + 1, place, place + 2];
  const turned = builder.single(
    `${path}/beside`,
    'Transpose',
    [values],
    { shape: [...before, batch, directions, units] },
    { perm: attribute.ints(perm) },
  );
  // 0 takes over a dim as it is.
  const sizes = builder.integers([...before.map(() => 0), 0, 2 * Number(units)]);
  const like = { shape: [...before, batch, 2 * Number(units)], timeMajor: values.timeMajor };
  return [builder.single(`${path}/merge`, 'Reshape', [turned, sizes], like)];
}

/** The two directions as values of their own. */
function apart({ builder }: LayerCall, values: Value, name: string): Value[] {
  const place = values.shape.length - 3;
  const half = values.shape.map((dim, index) => (index === place ? 1 : dim));
  const halves = builder.node({
    name: `${name}/split`,
    op: 'Split',
    inputs: [values, builder.integers([1, 1])],
    outputs: ['forward', 'backward'].map((part) => ({ part, shape: half })),
    attributes: axis(place),
  });
  const shape = half.filter((_, index) => index !== place);
  return halves.map((value, index) =>
    builder.single(`${name}:${index}`, 'Squeeze', [value, builder.integers([place])], {
      shape,
      timeMajor: values.timeMajor,
    }),
  );
}
