import type { NamedAttrMap, NamedTensorInfoMap, Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import {
  add,
  concat1d,
  div,
  minimum,
  mul,
  reshape,
  scalar,
  slice,
  split,
  sqrt,
  square,
  sub,
  sum,
  tidy,
} from '@tensorflow/tfjs-core';
import type { OptimizerAttributes, OptimizerKind } from '@onda/nets';
import { CLIP_EPSILON } from '@onda/nets';

/**
 * The optimizer op in TensorFlow.js operations, for backends without a kernel of their own. All variables are joined to one
 * vector first, so the number of operations hardly depends on how many there are.
 */
export function composedOptimizerKernel(call: {
  inputs: NamedTensorInfoMap;
  attrs?: NamedAttrMap;
}): Tensor[] {
  const attributes = call.attrs as unknown as OptimizerAttributes;
  // A kernel is handed the very tensors of the call.
  const tensors = Object.values(call.inputs) as Tensor[];
  return tidy(() => {
    const count = (tensors.length - 1) / 2;
    const params = tensors.slice(0, count);
    const slots = tensors[2 * count] as Tensor1D;
    const flat = flatten(params);
    const grad = clip(flatten(tensors.slice(count, 2 * count)), attributes.clipNorm);
    const [newFlat, ...newSlots] = formulas[attributes.kind](flat, grad, slots, attributes);
    const sizes = params.map(({ size }) => size);
    const parts = count === 1 ? [newFlat] : split(newFlat, sizes);
    return [
      ...parts.map((part, index) => reshape(part, params[index].shape)),
      newSlots.length === 1 ? newSlots[0] : concat1d(newSlots),
    ];
  });
}

/** New variables and new slots, all flat: from the variables, their gradients (clipped) and the slots. */
type Formula = (p: Tensor1D, grad: Tensor1D, slots: Tensor1D, attributes: OptimizerAttributes) => Tensor1D[];

const formulas = { adam, adamw: adam, rmsprop, sgd } satisfies Record<OptimizerKind, Formula>;

function adam(p: Tensor1D, grad: Tensor1D, slots: Tensor1D, attributes: OptimizerAttributes): Tensor1D[] {
  const { kind, learningRate, beta1, beta2, epsilon, weightDecay, step } = attributes;
  const g = kind === 'adamw' ? grad : withDecay(grad, p, weightDecay);
  const kept = kind === 'adamw' ? mul(p, scalar(1 - learningRate * weightDecay)) : p;
  const m0 = slice(slots, 0, p.size);
  const m = add(m0, mul(sub(g, m0), scalar(1 - beta1)));
  const v = add(mul(slice(slots, p.size, p.size), scalar(beta2)), mul(square(g), scalar(1 - beta2)));
  const root = add(mul(sqrt(v), scalar(1 / Math.sqrt(1 - beta2 ** step))), scalar(epsilon));
  const change = div(mul(m, scalar(learningRate / (1 - beta1 ** step))), root);
  return [sub(kept, change), m as Tensor1D, v as Tensor1D];
}

function rmsprop(p: Tensor1D, grad: Tensor1D, slots: Tensor1D, attributes: OptimizerAttributes): Tensor1D[] {
  const { learningRate, smoothing, epsilon, weightDecay } = attributes;
  const g = withDecay(grad, p, weightDecay);
  const v = add(mul(slots, scalar(smoothing)), mul(square(g), scalar(1 - smoothing)));
  const change = div(mul(g, scalar(learningRate)), add(sqrt(v), scalar(epsilon)));
  return [sub(p, change), v as Tensor1D];
}

function sgd(p: Tensor1D, grad: Tensor1D, slots: Tensor1D, attributes: OptimizerAttributes): Tensor1D[] {
  const { learningRate, momentum, weightDecay } = attributes;
  const b = add(mul(slots, scalar(momentum)), withDecay(grad, p, weightDecay));
  return [sub(p, mul(b, scalar(learningRate))), b as Tensor1D];
}

function withDecay(grad: Tensor1D, p: Tensor1D, weightDecay: number): Tensor1D {
  return weightDecay === 0 ? grad : add(grad, mul(p, scalar(weightDecay)));
}

function clip(grad: Tensor1D, clipNorm: number): Tensor1D {
  if (clipNorm === 0) return grad;
  const norm = sqrt(sum(square(grad)));
  const allowed: Scalar = div(scalar(clipNorm), add(norm, scalar(CLIP_EPSILON)));
  return mul(grad, minimum(scalar(1), allowed));
}

function flatten(tensors: readonly Tensor[]): Tensor1D {
  const flat = tensors.map((tensor): Tensor1D => reshape(tensor, [tensor.size]));
  return flat.length === 1 ? flat[0] : concat1d(flat);
}
