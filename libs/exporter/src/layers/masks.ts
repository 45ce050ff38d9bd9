import { isKeras } from '../artifacts/modelSource.ts';
import { UnsupportedError } from '../errors.ts';
import { cast, emitReduce, scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, MaskRule } from './layerRule.ts';
import { perSample } from './layerRule.ts';

/** Passes the first input's mask on. */
export const passMask: MaskRule = (_call, [first]) => first;

/** The layer's mask, which must match the samples of its first input; undefined without a mask. */
export function usableMask({ mask, inputs: [x], options, source }: LayerCall): Value | undefined {
  if (mask === null) return undefined;
  if (mask.unusable !== undefined) {
    throw new UnsupportedError(
      `layer "${options.layer}": its mask is unusable, in TensorFlow.js too: ${mask.unusable}; mask after that layer, or remove the mask`,
    );
  }
  const { shape, timeMajor } = mask.value;
  const [batch, time] = timeMajor ? [shape[1], shape[0]] : shape;
  const [ownBatch, ownTime] = x.timeMajor ? [x.shape[1], x.shape[0]] : x.shape;
  if (shape.length === 2 && batch === ownBatch && time === ownTime) return mask.value;
  throw new UnsupportedError(
    `layer "${options.layer}": expected a mask [${ownBatch}, ${ownTime}] for its samples, got [${shape.join(', ')}]${isKeras(source) ? '' : ': TensorFlow.js passes the last mask to all later layers without one'}; mask this layer's input too, or remove the mask`,
  );
}

/** Samples whose features all equal `mask_value` are masked and set to zero. */
const convertMasking: LayerConverter = (call) => {
  const { builder, path, options, inputs } = call;
  const [x] = inputs;
  if (options.number('mask_value', 0) === 0) return [x];
  return [builder.single(path, 'Where', [counting(call), x, scalar(builder, 0)], x)];
};

/** The unmasked samples: bool, [batch, time, 1]. */
function counting(call: LayerCall): Value {
  const { builder, path, options, inputs } = call;
  const [x] = inputs;
  return builder.once(`counting:${path}:${x.name}`, () => {
    const value = scalar(builder, options.number('mask_value', 0));
    const equal = builder.single(`${path}/equal`, 'Equal', [x, value], { ...x, type: 'bool' });
    // ReduceMin takes no bool before opset 20.
    const ones = cast(builder, `${path}/ones`, equal, 'float32');
    const all = emitReduce(call, `${path}/all`, 'ReduceMin', ones, [-1], true);
    const masked = cast(builder, `${path}/masked`, all, 'bool');
    return builder.single(`${path}/counting`, 'Not', [masked], masked);
  });
}

export const maskingLayers = {
  Masking: {
    convert: convertMasking,
    mask: (call) => {
      const whole = counting(call);
      const last = whole.shape.length - 1;
      const value = call.builder.single(
        `${call.path}/mask`,
        'Squeeze',
        [whole, call.builder.integers([last])],
        {
          ...whole,
          shape: whole.shape.slice(0, last),
        },
      );
      return { value };
    },
    timing: perSample,
  },
} satisfies LayerFamily;
