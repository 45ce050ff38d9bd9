import { UnsupportedError } from '../errors.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clip = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** erf by its series, or by the continued fraction of erfc for large arguments; 1e-15. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  let sum = 0;
  let term = z;
  for (let n = 0; n < 200 && Math.abs(term) > 1e-18; n++) {
    sum += term / (2 * n + 1);
    term *= (-z * z) / (n + 1);
  }
  return Math.sign(x) * ((2 / Math.sqrt(Math.PI)) * sum);
}

const functions: Readonly<Record<string, (x: number) => number>> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => clip(x, 0, 6),
  tanh: Math.tanh,
  sigmoid,
  hard_sigmoid: (x) => clip(0.2 * x + 0.5, 0, 1),
  keras3_hard_sigmoid: (x) => clip(x / 6 + 0.5, 0, 1),
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  swish: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
};

/** An activation of Keras over one row: softmax and log_softmax normalize it. */
export function activate(name: string, values: Float64Array): Float64Array {
  if (name === 'softmax' || name === 'log_softmax') {
    const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const log = most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
    return values.map((value) => (name === 'softmax' ? Math.exp(value - log) : value - log));
  }
  if (!Object.hasOwn(functions, name)) {
    throw new UnsupportedError(`reference interpreter: no activation ${name}; pass --cases FILE`);
  }
  return values.map(functions[name]);
}

/** A name in a layer's options. Another value becomes JSON, which no table of names has. */
export const text = (value: unknown, standard: string): string => {
  const given = value ?? standard;
  return typeof given === 'string' ? given : JSON.stringify(given);
};
