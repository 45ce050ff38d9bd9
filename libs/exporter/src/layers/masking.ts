import { cast } from '../graph/cast.ts';
import { scalar } from '../graph/scalar.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter } from './layerCall.ts';
import type { LayerFamily } from './layerRule.ts';
import { eachSample } from './layerRule.ts';
import { emitReduce } from './reduce.ts';

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
    timing: eachSample,
  },
} satisfies LayerFamily;
