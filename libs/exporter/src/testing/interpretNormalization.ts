import { isKeras } from '../artifacts/modelSource.ts';
import type { InterpretedCall } from './interpretMerging.ts';
import { add, axisOf, multiply } from './interpretMerging.ts';
import type { Tensor64 } from './tensors.ts';
import { combine, fold, mapValues, sizeOf, tensorOf, valueAt } from './tensors.ts';

export const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function axesOf({ config }: InterpretedCall, x: Tensor64): number[] {
  const given = config['axis'] ?? -1;
  return (Array.isArray(given) ? given : [given]).map((axis) => axisOf(axis, x.shape.length, -1));
}

/** (x - mean) / sqrt(variance + epsilon) gamma + beta along one axis with stored statistics. */
export function batchNormalization({ config, weights }: InterpretedCall, x: Tensor64): Tensor64 {
  const axis = axisOf(config['axis'], x.shape.length, -1);
  const size = x.shape[axis];
  const ones = new Float32Array(size).fill(1);
  const gamma = config['scale'] === false ? ones : weights.get('gamma', [size]);
  const beta = config['center'] === false ? new Float32Array(size) : weights.get('beta', [size]);
  const [mean, variance] = [weights.get('moving_mean', [size]), weights.get('moving_variance', [size])];
  const epsilon = Number(config['epsilon'] ?? 1e-3);
  return tensorOf(x.shape, (index) => {
    const at = index[axis];
    return ((valueAt(x, index) - mean[at]) / Math.sqrt(variance[at] + epsilon)) * gamma[at] + beta[at];
  });
}

function standardized(x: Tensor64, axes: readonly number[], epsilon: number): Tensor64 {
  const centered = combine(x, fold(x, axes, true, average), (a, b) => a - b);
  const squares = mapValues(centered, (one) => one * one);
  const variance = fold(squares, axes, true, average);
  return combine(centered, variance, (a, b) => a / Math.sqrt(b + epsilon));
}

export function layerNormalization(call: InterpretedCall, x: Tensor64): Tensor64 {
  const { config, weights } = call;
  const axes = axesOf(call, x);
  const sizes = axes.map((axis) => x.shape[axis]);
  const weight = (name: string, used: boolean, fallback: number): Tensor64 => ({
    shape: x.shape.map((dim, axis) => (axes.includes(axis) ? dim : 1)),
    data: Float64Array.from(used ? weights.get(name, sizes) : new Float32Array(sizeOf(sizes)).fill(fallback)),
  });
  const normal = standardized(x, axes, Number(config['epsilon'] ?? 1e-3));
  const scaled = combine(normal, weight('gamma', config['scale'] !== false, 1), multiply);
  return combine(scaled, weight('beta', config['center'] !== false, 0), add);
}

/** Each group of channels of a sample by itself. */
export function groupNormalization({ config, weights }: InterpretedCall, x: Tensor64): Tensor64 {
  const channels = x.shape[x.shape.length - 1];
  const groups = config['groups'] === -1 ? channels : Number(config['groups'] ?? 32);
  const [batch, ...places] = x.shape.slice(0, -1);
  const grouped = { ...x, shape: [batch, sizeOf(places), groups, channels / groups] };
  const normal = { ...standardized(grouped, [1, 3], Number(config['epsilon'] ?? 1e-3)), shape: x.shape };
  const weight = (name: string, used: boolean, fallback: number): Tensor64 => ({
    shape: [channels],
    data: Float64Array.from(used ? weights.get(name, [channels]) : new Float32Array(channels).fill(fallback)),
  });
  const scaled = combine(normal, weight('gamma', config['scale'] !== false, 1), multiply);
  return combine(scaled, weight('beta', config['center'] !== false, 0), add);
}

export function rmsNormalization(call: InterpretedCall, x: Tensor64): Tensor64 {
  const axes = axesOf(call, x);
  const sizes = axes.map((axis) => x.shape[axis]);
  const epsilon = Number(call.config['epsilon'] ?? 1e-6);
  const squares = mapValues(x, (one) => one * one);
  const normal = combine(x, fold(squares, axes, true, average), (a, b) => a / Math.sqrt(b + epsilon));
  const scale: Tensor64 = {
    shape: x.shape.map((dim, axis) => (axes.includes(axis) ? dim : 1)),
    data: Float64Array.from(call.weights.get('scale', sizes)),
  };
  return combine(normal, scale, multiply);
}

/** Keras 2 bounds the squared length by 1e-12, Keras 3 the length. */
export function unitNormalization(call: InterpretedCall, x: Tensor64): Tensor64 {
  const squares = mapValues(x, (one) => one * one);
  const length = fold(squares, axesOf(call, x), true, (values) => {
    const sum = values.reduce((total, one) => total + one, 0);
    return isKeras(call.source, 3) ? Math.max(Math.sqrt(sum), 1e-12) : Math.sqrt(Math.max(sum, 1e-12));
  });
  return combine(x, length, (a, b) => a / b);
}

/** Statistics from the options or, after `adapt`, from the weights. */
export function statistics(call: InterpretedCall, x: Tensor64): Tensor64 {
  const { config, weights } = call;
  const axes = ['null', '[]'].includes(JSON.stringify(config['axis'])) ? [] : axesOf(call, x);
  const shape = x.shape.map((dim, axis) => (axes.includes(axis) ? dim : 1));
  const sizes = axes.map((axis) => x.shape[axis]);
  const read = (name: string): Tensor64 => {
    const given = config[name] ?? null;
    const values = given === null ? [...weights.get(name, sizes)] : ([given].flat(Infinity) as number[]);
    return {
      shape,
      data: Float64Array.from({ length: sizeOf(shape) }, (_, at) => values[values.length === 1 ? 0 : at]),
    };
  };
  const deviation = mapValues(read('variance'), (one) => Math.max(Math.sqrt(one), 1e-7));
  if (config['invert'] === true) return combine(combine(x, deviation, multiply), read('mean'), add);
  return combine(
    combine(x, read('mean'), (a, b) => a - b),
    deviation,
    (a, b) => a / b,
  );
}
