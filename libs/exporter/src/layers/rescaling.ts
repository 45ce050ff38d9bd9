import { floatTensor } from '@onda/onnx';
import type { LayerConverter } from './layerCall.ts';
import type { LayerFamily } from './layerRule.ts';
import { eachSample } from './layerRule.ts';

/** x scale + offset */
const convertRescaling: LayerConverter = ({ builder, path, options, inputs: [x] }) => {
  const scalar = (part: string, fallback: number): string => {
    const name = `${path}/${part}`;
    const value = options.number(part, fallback);
    return builder.shared(name, () => floatTensor(name, [], Float32Array.of(value)));
  };
  const scaled = builder.single(`${path}/scaled`, 'Mul', [x, scalar('scale', 1)], x);
  return [builder.single(path, 'Add', [scaled, scalar('offset', 0)], x)];
};

export const rescalingLayers = {
  Rescaling: { convert: convertRescaling, timing: eachSample },
} satisfies LayerFamily;
