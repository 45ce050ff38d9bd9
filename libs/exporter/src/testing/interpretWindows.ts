import type { LayerWeights } from '../artifacts/layerWeights.ts';
import { activate, text } from './interpretActivations.ts';
import type { Tensor64 } from './tensors.ts';
import { fold, sizeOf, tensorOf, valueAt } from './tensors.ts';

/** What a windowed layer needs of a call. */
interface WindowCall {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: LayerWeights;
}

export const numbers = (value: unknown, count: number, fallback: number): number[] => {
  const given = value ?? fallback;
  return Array.isArray(given) ? given.map(Number) : Array<number>(count).fill(Number(given));
};
/** An activation over the last axis. */
export function activated(name: unknown, x: Tensor64): Tensor64 {
  const size = x.shape[x.shape.length - 1];
  const data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += size)
    data.set(activate(text(name, 'linear'), x.data.subarray(start, start + size)), start);
  return { shape: x.shape, data };
}

/** Where windows start and how many there are, for one spatial dim: [before, outputs]. */
function windows(
  size: number,
  window: number,
  stride: number,
  dilation: number,
  padding: string,
): [number, number] {
  const reach = (window - 1) * dilation + 1;
  if (padding === 'valid') return [0, Math.floor((size - reach) / stride) + 1];
  if (padding === 'causal') return [reach - 1, Math.ceil(size / stride)];
  const outputs = Math.ceil(size / stride);
  return [Math.floor(Math.max(0, (outputs - 1) * stride + reach - size) / 2), outputs];
}

/** Convolution over [batch, ...spatial, channels]; a depthwise one has a kernel [...sizes, channels, multiplier]. */
export function convolve(call: WindowCall, x: Tensor64, depthwise: boolean): Tensor64 {
  const { config, weights } = call;
  const dims = x.shape.length - 2;
  const sizes = numbers(config['kernel_size'], dims, 1);
  const strides = numbers(config['strides'], dims, 1);
  const dilations = numbers(config['dilation_rate'], dims, 1);
  const padding = text(config['padding'], 'valid');
  const channels = x.shape[dims + 1];
  const multiplier = Number(depthwise ? (config['depth_multiplier'] ?? 1) : config['filters']);
  const filters = depthwise ? channels * multiplier : multiplier;
  const groups = depthwise ? 1 : Number(config['groups'] ?? 1);
  const own = channels / groups;
  const kernel = weights.get(depthwise ? weights.firstOf('depthwise_kernel', 'kernel') : 'kernel', [
    ...sizes,
    own,
    multiplier,
  ]);
  const bias = config['use_bias'] === false ? new Float32Array(filters) : weights.get('bias', [filters]);
  const ranges = sizes.map((size, dim) =>
    windows(x.shape[dim + 1], size, strides[dim], dilations[dim], padding),
  );
  const area = sizeOf(sizes);
  const y = tensorOf([x.shape[0], ...ranges.map(([, outputs]) => outputs), filters], (index) => {
    const filter = index[dims + 1];
    let sum = bias[filter];
    for (let place = 0; place < area; place++) {
      let rest = place;
      const at: number[] = [];
      for (let dim = dims - 1; dim >= 0; dim--) {
        at[dim] = index[dim + 1] * strides[dim] + (rest % sizes[dim]) * dilations[dim] - ranges[dim][0];
        rest = Math.floor(rest / sizes[dim]);
      }
      if (at.some((one, dim) => one < 0 || one >= x.shape[dim + 1])) continue;
      if (depthwise) {
        const channel = Math.floor(filter / multiplier);
        const weight = kernel[(place * channels + channel) * multiplier + (filter % multiplier)];
        sum += valueAt(x, [index[0], ...at, channel]) * weight;
      } else {
        const first = Math.floor(filter / (filters / groups)) * own;
        for (let channel = 0; channel < own; channel++)
          sum +=
            valueAt(x, [index[0], ...at, first + channel]) *
            kernel[(place * own + channel) * filters + filter];
      }
    }
    return sum;
  });
  return activated(config['activation'], y);
}

export const pooled =
  (result: (values: number[]) => number) =>
  ({ config }: WindowCall, x: Tensor64): Tensor64 => {
    const dims = x.shape.length - 2;
    const sizes = numbers(config['pool_size'], dims, 2);
    const strides = config['strides'] === null ? sizes : numbers(config['strides'] ?? sizes, dims, 2);
    const padding = text(config['padding'], 'valid');
    const ranges = sizes.map((size, dim) => windows(x.shape[dim + 1], size, strides[dim], 1, padding));
    const area = sizeOf(sizes);
    return tensorOf([x.shape[0], ...ranges.map(([, outputs]) => outputs), x.shape[dims + 1]], (index) => {
      const values: number[] = [];
      for (let place = 0; place < area; place++) {
        let rest = place;
        const at: number[] = [];
        for (let dim = dims - 1; dim >= 0; dim--) {
          at[dim] = index[dim + 1] * strides[dim] + (rest % sizes[dim]) - ranges[dim][0];
          rest = Math.floor(rest / sizes[dim]);
        }
        if (at.every((one, dim) => one >= 0 && one < x.shape[dim + 1]))
          values.push(valueAt(x, [index[0], ...at, index[dims + 1]]));
      }
      return result(values);
    });
  };

export const globally =
  (result: (values: number[]) => number) =>
  ({ config }: WindowCall, x: Tensor64): Tensor64 => {
    const axes = Array.from({ length: x.shape.length - 2 }, (_, dim) => dim + 1);
    return fold(x, axes, config['keepdims'] === true, result);
  };

/** Linear interpolation with half-pixel centers along height and width, or the nearest pixel. */
export function resize(x: Tensor64, size: readonly number[], mode: unknown): Tensor64 {
  const source = (place: number, dim: number): [number, number, number] => {
    const from = x.shape[dim + 1];
    const at = ((place + 0.5) * from) / size[dim] - 0.5;
    if (mode === 'nearest') {
      const nearest = Math.min(from - 1, Math.floor(((place + 0.5) * from) / size[dim]));
      return [nearest, nearest, 0];
    }
    const low = Math.floor(at);
    const clamp = (one: number): number => Math.min(Math.max(one, 0), from - 1);
    return [clamp(low), clamp(low + 1), at - low];
  };
  return tensorOf([x.shape[0], ...size, x.shape[3]], ([batch, row, column, channel]) => {
    const [top, bottom, down] = source(row, 0);
    const [left, right, across] = source(column, 1);
    const at = (y: number, z: number): number => valueAt(x, [batch, y, z, channel]);
    const upper = at(top, left) * (1 - across) + at(top, right) * across;
    const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
    return upper * (1 - down) + lower * down;
  });
}
