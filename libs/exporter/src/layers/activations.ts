import type { Attribute } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import type { LayerOptions } from '../artifacts/layerOptions.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { scalar } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';

/** Adds an activation function, element-wise or (softmax) over the last axis; `name` prefixes its nodes. */
type Emit = (builder: GraphBuilder, name: string, x: Value) => Value;

/** An activation that is one op. */
function op(name: string, attributes: Record<string, Attribute> = {}): Emit {
  return (builder, node, x) => builder.single(node, name, [x], x, attributes);
}

/** x times f(x). */
function gated(inner: Emit): Emit {
  return (builder, name, x) => builder.single(`${name}/mul`, 'Mul', [x, inner(builder, name, x)], x);
}

const softplus = op('Softplus');

/** min(max(x, 0), 6) */
const relu6: Emit = (builder, name, x) =>
  builder.single(name, 'Clip', [x, scalar(builder, 0), scalar(builder, 6)], x);

/** tanh(softplus(x)) */
const mishGate: Emit = (builder, name, x) =>
  builder.single(`${name}/tanh`, 'Tanh', [softplus(builder, `${name}/softplus`, x)], x);

/** (1 + erf(x / sqrt 2)) / 2 */
const geluGate: Emit = (builder, name, x) => {
  const part = (step: string, kind: string, inputs: (Value | string)[]): Value =>
    builder.single(`${name}/${step}`, kind, inputs, x);
  const erf = part('erf', 'Erf', [part('div', 'Div', [x, scalar(builder, Math.SQRT2)])]);
  return part('half', 'Mul', [part('add', 'Add', [erf, scalar(builder, 1)]), scalar(builder, 0.5)]);
};

/** (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
const geluNewGate: Emit = (builder, name, x) => {
  const part = (step: string, kind: string, inputs: (Value | string)[]): Value =>
    builder.single(`${name}/${step}`, kind, inputs, x);
  const square = part('square', 'Mul', [x, x]);
  const cube = part('cube', 'Mul', [square, x]);
  const sum = part('sum', 'Add', [x, part('scaled', 'Mul', [cube, scalar(builder, 0.044715)])]);
  const tanh = part('tanh', 'Tanh', [part('inner', 'Mul', [sum, scalar(builder, Math.sqrt(2 / Math.PI))])]);
  return part('half', 'Mul', [part('add', 'Add', [tanh, scalar(builder, 1)]), scalar(builder, 0.5)]);
};

/** TensorFlow.js's activations by topology name (tfjs-layers activations.ts). */
const activations = {
  linear: (_builder, _name, x) => x,
  elu: op('Elu', { alpha: attribute.float(1) }),
  gelu: gated(geluGate),
  gelu_new: gated(geluNewGate),
  // TensorFlow.js: clip(0.2 x + 0.5, 0, 1).
  hard_sigmoid: op('HardSigmoid', { alpha: attribute.float(0.2), beta: attribute.float(0.5) }),
  // Keras 3: clip(x / 6 + 0.5, 0, 1).
  keras3_hard_sigmoid: op('HardSigmoid', { alpha: attribute.float(1 / 6), beta: attribute.float(0.5) }),
  log_softmax: op('LogSoftmax', { axis: attribute.int(-1) }),
  mish: gated(mishGate),
  relu: op('Relu'),
  relu6,
  selu: op('Selu'),
  sigmoid: op('Sigmoid'),
  softmax: op('Softmax', { axis: attribute.int(-1) }),
  softplus,
  softsign: op('Softsign'),
  swish: gated(op('Sigmoid')),
  tanh: op('Tanh'),
} as const satisfies Record<string, Emit>;

/** Whether an activation normalizes over the last axis instead of working element-wise. */
export function isOverAxis(options: LayerOptions, option = 'activation'): boolean {
  return ['softmax', 'log_softmax'].includes(String(options.get(option)));
}

export type ActivationName = keyof typeof activations;

export const activationNames = Object.keys(activations) as ActivationName[];

/**
 * Adds the activation that a layer's option names.
 *
 * @param option   name of the option
 * @param fallback of a missing option
 * @throws UnsupportedError for an unknown activation
 */
export function emitActivation(
  builder: GraphBuilder,
  name: string,
  x: Value,
  options: LayerOptions,
  option = 'activation',
  fallback: ActivationName = 'linear',
): Value {
  return emitActivationOf(builder, name, x, options.choice(option, activationNames, fallback));
}

/** Adds an activation by its name. */
export function emitActivationOf(
  builder: GraphBuilder,
  name: string,
  x: Value,
  activation: ActivationName,
): Value {
  return activations[activation](builder, name, x);
}
