import * as tf from '@tensorflow/tfjs-core';

let used = false;

/**
 * Replaces the SplitV kernel of TensorFlow.js's `cpu` backend by one that copies blocks of values. The original computes the index of
 * each value, and TensorFlow.js's GRU layer splits its recurrent weights at every sample: that took half of the time of an export of a
 * GRU of 64 units. The values are the same: a split only copies.
 */
export function useQuickSplits(): void {
  if (used) return;
  used = true;
  const own = tf.getKernel(tf.SplitV, 'cpu');
  tf.unregisterKernel(own.kernelName, own.backendName);
  tf.registerKernel({
    ...own,
    kernelFunc: split,
  });
}

/** The used part of the backend, which TensorFlow.js does not declare. */
interface CpuBackend {
  readonly data: { get(id: object): { values: tf.TypedArray } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.TypedArray): tf.TensorInfo;
}

const split: tf.KernelConfig['kernelFunc'] = ({ inputs, backend, attrs }) => {
  const x = inputs['x'] as tf.TensorInfo;
  const { numOrSizeSplits, axis } = attrs as unknown as tf.SplitVAttrs;
  const cpu = backend as CpuBackend;
  const [at] = tf.util.parseAxisParam(axis, x.shape);
  const sizes = tf.backend_util.prepareSplitSize(x, numOrSizeSplits, at);
  const { values } = cpu.data.get(x.dataId);
  const outer = tf.util.sizeFromShape(x.shape.slice(0, at));
  const inner = tf.util.sizeFromShape(x.shape.slice(at + 1));
  const row = x.shape[at] * inner;
  let from = 0;
  return sizes.map((size) => {
    const run = size * inner;
    const part = values.slice(0, outer * run);
    for (let index = 0; index < outer; index++) {
      const start = index * row + from;
      part.set(values.subarray(start, start + run), index * run);
    }
    from += run;
    const shape = x.shape.map((dim, place) => (place === at ? size : dim));
    return cpu.makeTensorInfo(shape, x.dtype, part);
  });
};
