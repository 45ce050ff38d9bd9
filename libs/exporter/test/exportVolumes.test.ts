import type { Tensor } from '@tensorflow/tfjs-core';
import { stridedSlice, tensor } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../src/index.ts';
import { mulberry32 } from './support/ondaNetArtifacts.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import { artifactsOf } from './support/tfjsModel.ts';

/** One product a value, or a mean of eight; measured 0. */
const ATOL = 1e-6;
const weight = 1.5;
const warning =
  'layer "l": its windows are smaller than their stride; the file gives the values of TensorFlow and tfjs-node, TensorFlow.js\'s other backends give others';

type Layer = layers.Layer;

async function exported(layer: Layer, side: number) {
  const model = sequential({ layers: [layer] });
  model.setWeights(model.weights.map(({ shape }) => tensor([weight], shape as number[])));
  const { model: onnx, warnings } = exportModel(await artifactsOf(model), { producerVersion: '0.1.0' });
  const random = mulberry32(side);
  const x = floats(
    [2, side, side, side, 1],
    Array.from({ length: 2 * side ** 3 }, () => 2 * random() - 1),
  );
  const { l } = await (await LoadedModel.of(onnx)).run({ l_input: x });
  return { warnings, x: tensor(x.data, [2, side, side, side, 1]), y: l };
}

/** Every second, third, ... place of each dim, from the first on: where windows without padding begin. */
function everyNth(x: Tensor, stride: number): Tensor {
  return stridedSlice(x, [0, 0, 0, 0, 0], [...x.shape], [1, stride, stride, stride, 1]);
}

const valuesOf = (x: Tensor): Float32Array => x.dataSync<'float32'>();
const weighted = (x: Tensor): Float32Array => valuesOf(x).map((value) => weight * value);

/**
 * Windows of one place are a choice of places. That the first is chosen is what Keras 2.15 and tfjs-node 4.22 compute (both run on the same
 * values, sides 4, 5 and 7, strides 2 and 3, windows of 1 and 2 places: differences up to 5e-5 of values to 50), and what TensorFlow.js's
 * CPU backend does not where the padding comes out negative.
 */
describe('exportModel of volumes whose windows are smaller than their stride', () => {
  const shape = (side: number) => ({ name: 'l', inputShape: [side, side, side, 1] });
  const window = (strides: number) => ({ strides, padding: 'same' as const });

  it.each([
    [4, 2],
    [5, 3],
  ])('takes the first of each group of places, side %i, stride %i', async (side, strides) => {
    const conv = { ...shape(side), ...window(strides), filters: 1, kernelSize: 1, useBias: false };
    const convolved = await exported(layers.conv3d(conv), side);
    const chosen = everyNth(convolved.x, strides);
    expect([...convolved.y.dims]).toEqual(chosen.shape);
    expect(difference(convolved.y.data, weighted(chosen))).toBeLessThan(ATOL);
    expect(convolved.warnings).toEqual([warning]);
    for (const make of [layers.averagePooling3d, layers.maxPooling3d]) {
      const pooled = await exported(make({ ...shape(side), ...window(strides), poolSize: 1 }), side);
      expect(difference(pooled.y.data, everyNth(pooled.x, strides).dataSync())).toBeLessThan(ATOL);
      expect(pooled.warnings).toEqual([warning]);
    }
  });

  it('puts each value first in its group of places when transposed', async () => {
    const conv = { ...shape(3), ...window(2), filters: 1, kernelSize: 1, useBias: false };
    const { x, y, warnings } = await exported(layers.conv3dTranspose(conv), 3);
    const placed = tensor(y.data, [...y.dims]);
    expect(placed.shape).toEqual([2, 6, 6, 6, 1]);
    expect(difference(valuesOf(everyNth(placed, 2)), weighted(x))).toBeLessThan(ATOL);
    expect(y.data.filter((value) => value !== 0)).toHaveLength(2 * 27);
    expect(warnings).toEqual([warning]);
  });

  it('says nothing where the windows come out the same', async () => {
    const even = { ...shape(5), ...window(2), filters: 1, kernelSize: 1, useBias: false };
    const { x, y, warnings } = await exported(layers.conv3d(even), 5);
    expect(difference(y.data, weighted(everyNth(x, 2)))).toBeLessThan(ATOL);
    expect(warnings).toEqual([]);
    const valid = { ...even, ...shape(4), padding: 'valid' as const };
    expect((await exported(layers.conv3d(valid), 4)).warnings).toEqual([]);
  });
});
