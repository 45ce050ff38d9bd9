import { tensor } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { compare } from './support/tfjsModel.ts';

/** Values of about 1, none of them summed; measured 0. */
const ATOL = 1e-6;

const formats = ['channelsLast', 'channelsFirst'] as const;

/** All values negative: zeros around them are larger than they are, and padding of a MaxPool is less. */
describe('exportModel of ZeroPadding2D before MaxPooling2D', () => {
  it.each(
    formats.flatMap((dataFormat) =>
      (['valid', 'same'] as const).flatMap((padding) =>
        [2, 3].map((poolSize) => ({ dataFormat, padding, poolSize })),
      ),
    ),
  )('keeps the zeros as values: %o', async ({ dataFormat, padding, poolSize }) => {
    const first = dataFormat === 'channelsFirst';
    const model = sequential();
    model.add(
      layers.conv2d({ filters: 2, kernelSize: 1, dataFormat, inputShape: first ? [2, 4, 5] : [4, 5, 2] }),
    );
    model.add(layers.zeroPadding2d({ padding: [1, 1], dataFormat }));
    model.add(layers.maxPooling2d({ poolSize, strides: 1, padding, dataFormat }));
    model.setWeights([tensor([0.5, 0, 0, 0.5], [1, 1, 2, 2]), tensor([-2, -3])]);
    expect((await compare(model, [2])).difference).toBeLessThan(ATOL);
  });
});
