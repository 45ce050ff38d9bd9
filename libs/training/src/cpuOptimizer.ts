import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { OptimizerAttributes, OptimizerKind } from '@onda/nets';
import { CLIP_EPSILON } from '@onda/nets';

/** The part of TensorFlow.js's `cpu` backend that the kernel uses. */
interface CpuBackend {
  readonly data: { get(dataId: object): { values: ArrayLike<number> } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/** The optimizer op on typed arrays, for the `cpu` backend. */
export function cpuOptimizerKernel(call: {
  inputs: NamedTensorInfoMap;
  backend: object;
  attrs?: NamedAttrMap;
}): TensorInfo[] {
  const backend = call.backend as CpuBackend;
  const attributes = call.attrs as unknown as OptimizerAttributes;
  const tensors = Object.values(call.inputs) as TensorInfo[];
  const count = (tensors.length - 1) / 2;
  const arrays = tensors.map((tensor) => values(backend, tensor));
  const params = arrays.slice(0, count);
  const grads = arrays.slice(count, 2 * count);
  const slots = arrays[2 * count];
  const newSlots = new Float32Array(slots.length);
  const total = params.reduce((sum, { length }) => sum + length, 0);
  const gradScale = clipScale(grads, attributes.clipNorm);
  const formula = cpuFormulas[attributes.kind];
  let offset = 0;
  const outputs = params.map((param, index) => {
    const size = param.length;
    const newParam = new Float32Array(size);
    formula(
      { size, param, grad: grads[index], newParam, slots, newSlots, offset, total, gradScale },
      attributes,
    );
    offset += size;
    return backend.makeTensorInfo(tensors[index].shape, 'float32', newParam);
  });
  return [...outputs, backend.makeTensorInfo([slots.length], 'float32', newSlots)];
}

/** The backend's own array without a copy: the kernel only reads it. Some TensorFlow.js kernels store plain arrays. */
function values(backend: CpuBackend, { dataId }: TensorInfo): Float32Array {
  const stored = backend.data.get(dataId).values;
  return stored instanceof Float32Array ? stored : Float32Array.from(stored);
}

/** The update of one variable, on typed arrays. */
interface VariableStep {
  /** Number of elements of the variable. */
  size: number;
  param: Float32Array;
  grad: Float32Array;
  newParam: Float32Array;
  slots: Float32Array;
  newSlots: Float32Array;
  /** Index of the variable's first element in each slot. */
  offset: number;
  /** Number of elements of a slot: the sum over all variables. */
  total: number;
  /** Factor of gradient clipping. */
  gradScale: number;
}

type Formula = (step: VariableStep, attributes: OptimizerAttributes) => void;

/** The formulas of libs/nets/src/optimizerOp.ts, computed in double precision and rounded when stored. */
const cpuFormulas = { adam, adamw: adam, rmsprop, sgd } satisfies Record<OptimizerKind, Formula>;

/** The factor that scales the norm of all gradients together down to `clipNorm`; 1 if it is not larger. */
function clipScale(grads: readonly Float32Array[], clipNorm: number): number {
  if (clipNorm === 0) return 1;
  let squares = 0;
  for (const grad of grads) {
    for (let i = 0; i < grad.length; i++) squares += grad[i] * grad[i];
  }
  return Math.min(1, clipNorm / (Math.sqrt(squares) + CLIP_EPSILON));
}

function adam(step: VariableStep, attributes: OptimizerAttributes): void {
  const { size, param, grad, newParam, slots, newSlots, offset, total, gradScale } = step;
  const { kind, learningRate, beta1, beta2, epsilon, weightDecay } = attributes;
  const decoupled = kind === 'adamw';
  const keep = decoupled ? 1 - learningRate * weightDecay : 1;
  const coupledDecay = decoupled ? 0 : weightDecay;
  const stepSize = learningRate / (1 - beta1 ** attributes.step);
  const rootCorrection = 1 / Math.sqrt(1 - beta2 ** attributes.step);
  for (let i = 0, first = offset, second = offset + total; i < size; i++, first++, second++) {
    const g = grad[i] * gradScale + coupledDecay * param[i];
    const m = slots[first] + (1 - beta1) * (g - slots[first]);
    const v = beta2 * slots[second] + (1 - beta2) * g * g;
    newSlots[first] = m;
    newSlots[second] = v;
    newParam[i] = keep * param[i] - (stepSize * m) / (Math.sqrt(v) * rootCorrection + epsilon);
  }
}

function rmsprop(step: VariableStep, attributes: OptimizerAttributes): void {
  const { size, param, grad, newParam, slots, newSlots, offset, gradScale } = step;
  const { learningRate, smoothing, epsilon, weightDecay } = attributes;
  for (let i = 0, at = offset; i < size; i++, at++) {
    const g = grad[i] * gradScale + weightDecay * param[i];
    const v = smoothing * slots[at] + (1 - smoothing) * g * g;
    newSlots[at] = v;
    newParam[i] = param[i] - (learningRate * g) / (Math.sqrt(v) + epsilon);
  }
}

function sgd(step: VariableStep, attributes: OptimizerAttributes): void {
  const { size, param, grad, newParam, slots, newSlots, offset, gradScale } = step;
  const { learningRate, momentum, weightDecay } = attributes;
  for (let i = 0, at = offset; i < size; i++, at++) {
    const g = grad[i] * gradScale + weightDecay * param[i];
    // Slots are zeros before step 1, so b = g without a special case.
    const b = momentum * slots[at] + g;
    newSlots[at] = b;
    newParam[i] = param[i] - learningRate * b;
  }
}
