import { attribute } from '@onda/onnx';
import { isObject } from '../artifacts/json.ts';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import { isKeras } from '../artifacts/modelSource.ts';
import { axis, emitReduce } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import { checkKeys } from './layerKeys.ts';
import type { LayerCall, LayerConverter, LayerFamily, MaskRule } from './layerRule.ts';
import { mixes } from './layerRule.ts';
import { givenStates, readCells, reverseSequence, runCells, statesInOrder } from './recurrent.ts';

const mergeModes = ['concat', 'sum', 'ave', 'mul'] as const;
type MergeMode = (typeof mergeModes)[number];

/** A wrapped layer: class, name and options; errors name the outer layer. */
interface WrappedLayer {
  readonly className: string;
  readonly name: string;
  readonly own: LayerOptions;
}

function wrappedLayer(layer: string, value: unknown): WrappedLayer {
  const config = isObject(value) && isObject(value['config']) ? value['config'] : {};
  const className = isObject(value) ? String(value['class_name']) : 'none';
  const own = new LayerOptions(layer, config);
  checkKeys(className, own);
  return { className, name: String(config['name']), own };
}

/** The layers of both directions; Keras has an option for the backward one. Keras 3 includes the direction in the names. */
function wrappedLayers({ options }: LayerCall): [forward: WrappedLayer, backward: WrappedLayer] {
  const forward = wrappedLayer(options.layer, options.get('layer'));
  const given = options.get('backward_layer') ?? null;
  const backward = given === null ? forward : wrappedLayer(options.layer, given);
  for (const name of ['return_sequences', 'return_state']) {
    if (forward.own.flag(name, false) !== backward.own.flag(name, false))
      backward.own.require(
        name,
        forward.own.flag(name, false),
        'use the same value in both directions',
        false,
      );
  }
  if (given !== null)
    backward.own.require(
      'go_backwards',
      !forward.own.flag('go_backwards', false),
      'use opposite directions',
      false,
    );
  return [forward, backward];
}

/**
 * Bidirectional around a recurrent layer: one bidirectional node; for stacked cells one node for each cell and direction.
 *
 * Outputs: the values of both directions, merged or separate; with return_state also the states, forward first. Around a layer with
 * go_backwards the directions swap, and the values are in reverse order.
 */
const convertBidirectional: LayerConverter = (call) => {
  const { builder, path, source } = call;
  const wrapped = wrappedLayers(call);
  const [{ own }] = wrapped;
  const swapped = own.flag('go_backwards', false);
  const cells = wrapped.map((layer, index) =>
    directionCells(call, layer, index === 0 ? 'forward' : 'backward'),
  );
  const given = givenStates(call, cells);
  const directions = ['/forward', '/backward'].map((part, index) => ({
    part,
    cells: cells[index],
    backward: (index === 1) !== swapped,
    initial: given?.[index] ?? cells[index].map(() => undefined),
  }));
  // A node's first direction is forward.
  const sequences = own.flag('return_sequences', false);
  // Keras sets zero_output_for_mask of both layers; TensorFlow.js repeats outputs.
  const zeroMasked = isKeras(source) && sequences;
  const run = runCells(call, swapped ? directions.toReversed() : directions, zeroMasked);
  const inOrder = (value: Value, place: number): Value =>
    swapped
      ? builder.single(
          `${value.name}/swapped`,
          'Gather',
          [value, builder.integers([1, 0])],
          value,
          axis(place),
        )
      : value;

  const ends = run.ends.map(({ h, c }) => ({ h: inOrder(h, 0), c: c && inOrder(c, 0) }));
  const inTime = sequences && swapped ? reverseSequence(call, run.y) : run.y;
  const values = sequences ? inOrder(inTime, 1) : ends[ends.length - 1].h;
  const merged = merge(call, { ...values, timeMajor: sequences });
  if (!own.flag('return_state', false)) return merged;
  const parts = statesInOrder(call, ends)
    .flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]))
    .map((state, index) => splitDirections(call, state, `${path}/state:${index}`));
  return [...merged, ...[0, 1].flatMap((direction) => parts.map((pair) => pair[direction]))];
};

function directionCells(
  { weights }: LayerCall,
  { className, name, own }: WrappedLayer,
  direction: 'forward' | 'backward',
): ReturnType<typeof readCells> {
  // Keras 2 puts the direction before any name; TensorFlow.js and Keras 3 have it in the name.
  const plain = name.replace(/^(forward|backward)_/, '');
  const names = [`${direction}_${name}`, `${direction}_${plain}`];
  const prefixed = names.map((part) => weights.within(part)).find((part) => !part.isEmpty());
  return readCells(className, own, prefixed ?? weights.within(name));
}

/** [time, 2, batch, units] or [2, batch, units] with the directions merged; their axis precedes the batch. */
function merge(call: LayerCall, values: Value): Value[] {
  const { builder, path, options } = call;
  const mode: MergeMode | null =
    options.get('merge_mode') === null ? null : options.choice('merge_mode', mergeModes, 'concat');
  const place = values.shape.length - 3;
  if (mode === null) return splitDirections(call, values, `${path}/values`);
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
  // 0 copies a dim.
  const sizes = builder.integers([...before.map(() => 0), 0, 2 * Number(units)]);
  const like = { shape: [...before, batch, 2 * Number(units)], timeMajor: values.timeMajor };
  return [builder.single(`${path}/merge`, 'Reshape', [turned, sizes], like)];
}

/** The two directions as separate values. */
function splitDirections({ builder }: LayerCall, values: Value, name: string): Value[] {
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

/** Sequences keep their mask. */
const bidirectionalMask: MaskRule = (call, [first]) =>
  wrappedLayers(call)[0].own.flag('return_sequences', false) ? first : null;

export const bidirectionalLayers = {
  Bidirectional: {
    convert: convertBidirectional,
    mask: bidirectionalMask,
    timing: mixes('a Bidirectional layer needs the end of a sequence'),
  },
} satisfies LayerFamily;
