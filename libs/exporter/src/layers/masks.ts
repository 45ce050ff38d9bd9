import { UnsupportedError } from '../errors.ts';
import { cast, emitReduce, scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter, LayerFamily, Mask } from './layerRule.ts';
import { perSample } from './layerRule.ts';

/** The mask of what a call gives, for all of its outputs, from those of its inputs (tfjs-layers: Layer.computeMask, as executor.js uses it). */
export type MaskRule = (call: LayerCall, masks: readonly (Mask | null)[]) => Mask | null;

/** Of layers that hand the mask of their first input on. */
export const passMask: MaskRule = (_call, [first]) => first;

/** The mask that a layer works with, which must be one over the samples of its first input; undefined: none. */
export function usableMask({ mask, inputs: [x], options }: LayerCall): Value | undefined {
  if (mask === null) return undefined;
  if (mask.spoilt !== undefined) {
    throw new UnsupportedError(
      `layer "${options.layer}": its mask cannot be used, in TensorFlow.js neither: ${mask.spoilt}; mask after that layer, or not at all`,
    );
  }
  const { shape, timeMajor } = mask.value;
  const [batch, time] = timeMajor ? [shape[1], shape[0]] : shape;
  const [ownBatch, ownTime] = x.timeMajor ? [x.shape[1], x.shape[0]] : x.shape;
  if (shape.length === 2 && batch === ownBatch && time === ownTime) return mask.value;
  throw new UnsupportedError(
    `layer "${options.layer}": expected a mask [${ownBatch}, ${ownTime}] for its samples, got [${shape.join(', ')}]: TensorFlow.js hands the last mask on to every layer after it that has none; mask this layer's input too, or none`,
  );
}

/** Samples of which every feature is `mask_value` do not count, and are zeros from here on: those of value 0 are so already. */
const convertMasking: LayerConverter = (call) => {
  const { builder, path, options, inputs } = call;
  const [x] = inputs;
  if (options.number('mask_value', 0) === 0) return [x];
  return [builder.single(path, 'Where', [counting(call), x, scalar(builder, 0)], x)];
};

/** Which samples count: bool, [batch, time, 1]. */
function counting(call: LayerCall): Value {
  const { builder, path, options, inputs } = call;
  const [x] = inputs;
  return builder.once(`counting:${path}:${x.name}`, () => {
    const value = scalar(builder, options.number('mask_value', 0));
    const equal = builder.single(`${path}/equal`, 'Equal', [x, value], { ...x, type: 'bool' });
    // ReduceMin takes no bool before operator set 20.
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
