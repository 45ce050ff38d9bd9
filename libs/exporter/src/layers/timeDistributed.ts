import { isObject } from '../artifacts/json.ts';
import { isKeras } from '../artifacts/modelSource.ts';
import { UnsupportedError } from '../errors.ts';
import { INT_MAX_SLICE_END, axis } from '../graph/ops.ts';
import type { Dim } from '../graph/value.ts';
import type { LayerConverter, LayerFamily } from './layerRule.ts';
import { batchMajor, perSample } from './layerRule.ts';
import { passMask } from './masks.ts';

/** Layers that work on the last axis anyway: TimeDistributed changes nothing. */
const everywhere: ReadonlySet<string> = new Set([
  'Dense',
  'Activation',
  'Dropout',
  'ReLU',
  'LeakyReLU',
  'ELU',
  'ThresholdedReLU',
]);

/** Layers to which Keras passes the mask of each sample. */
const maskedInside: ReadonlySet<string> = new Set([
  ...['Bidirectional', 'GRU', 'LSTM', 'RNN', 'SimpleRNN', 'GlobalAveragePooling1D', 'Softmax'],
  ...['Functional', 'Model', 'Sequential', 'TimeDistributed'],
]);

/** Applies a layer to every sample: [batch, time, ...] as [batch * time, ...] and back. */
const convertTimeDistributed: LayerConverter = (call) => {
  const { builder, path, options, source, mask, convertInner } = call;
  const layer = options.get('layer');
  if (!isObject(layer) || !isObject(layer['config'])) {
    throw new UnsupportedError(
      `layer "${options.layer}": expected a wrapped layer, got none; save the model again`,
    );
  }
  const [className, config] = [String(layer['class_name']), layer['config']];
  const name = options.layer;
  if (isKeras(source) && mask !== null && maskedInside.has(className)) {
    throw new UnsupportedError(
      `layer "${options.layer}": a mask on a TimeDistributed ${className} is not supported; remove the mask`,
    );
  }
  if (everywhere.has(className)) return convertInner(className, { name, config, inputs: call.inputs });

  const x = batchMajor(call);
  const [batch, time, ...rest] = x.shape;
  const like = (shape: readonly Dim[]): { shape: readonly Dim[]; type: 'int64' } => ({
    shape,
    type: 'int64',
  });
  const whole = builder.single(`${path}/shape`, 'Shape', [x], like([x.shape.length]));
  const pair = builder.single(
    `${path}/batch_time`,
    'Slice',
    [whole, builder.integers([0]), builder.integers([2])],
    like([2]),
  );
  const flatSizes = rest.every((dim) => typeof dim === 'number')
    ? builder.integers([-1, ...rest])
    : builder.single(
        `${path}/flat_shape`,
        'Concat',
        [
          builder.integers([-1]),
          builder.single(
            `${path}/rest`,
            'Slice',
            [whole, builder.integers([2]), builder.integers([INT_MAX_SLICE_END])],
            like([rest.length]),
          ),
        ],
        like([rest.length + 1]),
        axis(0),
      );
  const flat = builder.single(`${path}/flat`, 'Reshape', [x, flatSizes], {
    shape: [`${path}/each`, ...rest],
    type: x.type,
  });
  const [result] = convertInner(className, { name, config, inputs: [flat] });
  const each = builder.inLayout(result, false);
  const outputs = each.shape.slice(1);
  const inner = builder.single(`${path}/each_shape`, 'Shape', [each], like([each.shape.length]));
  const tail = builder.single(
    `${path}/outputs`,
    'Slice',
    [inner, builder.integers([1]), builder.integers([INT_MAX_SLICE_END])],
    like([outputs.length]),
  );
  const sizes = builder.single(`${path}/sizes`, 'Concat', [pair, tail], like([outputs.length + 2]), axis(0));
  return [
    builder.single(`${path}/unflat`, 'Reshape', [each, sizes], {
      shape: [batch, time, ...outputs],
      type: each.type,
    }),
  ];
};

export const timeDistributedLayers = {
  // Wrapped recurrent layers start from zeros for each sample.
  TimeDistributed: { convert: convertTimeDistributed, mask: passMask, timing: perSample },
} satisfies LayerFamily;
