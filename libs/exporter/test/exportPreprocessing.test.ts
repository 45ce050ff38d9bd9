import { tensor } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../src/index.ts';
import { mulberry32 } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import './support/tfjsModel.ts';

/** Values of about 1, each from at most four of them; measured up to 2e-7. */
const ATOL = 1e-6;

type Layer = layers.Layer;
type Config = Record<string, unknown>;

/**
 * TensorFlow.js's preprocessing layers by themselves: in a model they fail, or change the shape of the model's input when it is built
 * (Resizing.call, CenterCrop.computeOutputShape).
 *
 * @param whole upper bound of inputs that are whole numbers; 0: uniform in +-1
 */
async function check(layer: Layer, config: Config, shape: readonly number[], whole = 0): Promise<void> {
  const dims = [3, ...shape];
  const random = mulberry32(3);
  const size = dims.reduce((product, dim) => product * dim, 1);
  const x = floats(
    dims,
    Array.from({ length: size }, () => (whole > 0 ? Math.floor(random() * whole) : 2 * random() - 1)),
  );
  const expected = layer.apply(tensor(x.data, dims)) as Tensor;
  const first = { name: 'l', batch_input_shape: [null, ...shape], dtype: 'float32', ...config };
  const layers = [{ class_name: layer.getClassName(), config: first }];
  const { model } = exportModel(
    { modelTopology: { class_name: 'Sequential', config: { name: 'm', layers } } },
    { producerVersion: '0.1.0' },
  );
  const { l } = await (await LoadedModel.of(model)).run({ l_input: x });
  expect([...l.dims]).toEqual(expected.shape);
  expect(model.graph.outputs[0].shape).toEqual(['batch', ...expected.shape.slice(1)]);
  expect(difference(l.data, expected.dataSync())).toBeLessThan(ATOL);
}

describe('exportModel of preprocessing layers', () => {
  const sizes = [
    [4, 9],
    [6, 5],
    [11, 2],
    [1, 1],
    [13, 10],
    [4, 7],
  ] as const;
  it.each(
    sizes.flatMap(([height, width]) =>
      (['bilinear', 'nearest'] as const).flatMap((interpolation) =>
        [false, true].map((crop) => [height, width, interpolation, crop] as const),
      ),
    ),
  )(
    'resizes images to %i x %i by %s, crop to aspect ratio %s',
    async (height, width, interpolation, crop) => {
      await check(
        layers.resizing({ height, width, interpolation, cropToAspectRatio: crop }),
        { height, width, interpolation, crop_to_aspect_ratio: crop },
        [6, 5, 2],
      );
    },
  );

  it.each([
    [4, 2],
    [3, 3],
    [5, 4],
    [6, 5],
    [1, 1],
    [8, 4],
    [9, 12],
  ])('crops the middle of %i x %i out', async (height, width) => {
    await check(layers.centerCrop({ height, width }), { height, width }, [6, 5, 2]);
    await check(layers.centerCrop({ height, width }), { height, width }, [7, 9, 1]);
  });

  it.each([
    ['multiHot', 5],
    ['count', 5],
    ['oneHot', 1],
  ] as const)('counts words as %s', async (outputMode, words) => {
    const config = { num_tokens: 4, output_mode: outputMode };
    await check(layers.categoryEncoding({ numTokens: 4, outputMode }), config, [words], 4);
  });
});
