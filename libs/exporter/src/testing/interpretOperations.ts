import type { CallArgument } from '../artifacts/layerCalls.ts';
import type { IndexPart } from '../artifacts/operationArguments.ts';
import { OperationArguments, readIndex } from '../artifacts/operationArguments.ts';
import { UnsupportedError } from '../errors.ts';
import { activate } from './interpretActivations.ts';
import type { InterpretedCall, Masked } from './interpretMerging.ts';
import type { Tensor64 } from './tensors.ts';
import { combine, concatenate, fold, mapValues, sizeOf, tensorOf, valueAt } from './tensors.ts';

type Operation = (call: InterpretedCall, args: OperationArguments) => Tensor64;

const tensor = (
  { inputs }: InterpretedCall,
  argument: CallArgument,
  args: OperationArguments,
  name = '',
): Tensor64 => {
  if ('input' in argument) return inputs[argument.input].value;
  const constant = args.constant(name);
  const shape: number[] = [];
  for (let level: unknown = constant; Array.isArray(level); level = level.at(0)) shape.push(level.length);
  return { shape, data: Float64Array.from([constant].flat(Infinity) as number[]) };
};
const one = (call: InterpretedCall, args: OperationArguments): Tensor64 =>
  tensor(call, args.operand('x'), args);

const binary =
  (f: (a: number, b: number) => number): Operation =>
  (call, args) =>
    combine(tensor(call, args.operand('x1'), args, 'x1'), tensor(call, args.operand('x2'), args, 'x2'), f);
const unary =
  (f: (a: number) => number): Operation =>
  (call, args) =>
    mapValues(one(call, args), f);
const rows =
  (name: string): Operation =>
  (call, args) => {
    const x = one(call, args);
    const size = x.shape[x.shape.length - 1];
    const data = new Float64Array(x.data.length);
    for (let start = 0; start < data.length; start += size)
      data.set(activate(name, x.data.subarray(start, start + size)), start);
    return { shape: x.shape, data };
  };
const axesOf = (args: OperationArguments, rank: number): number[] =>
  (args.integers('axis') ?? []).map((axis) => (axis < 0 ? axis + rank : axis));
const reduced =
  (f: (values: number[]) => number): Operation =>
  (call, args) => {
    const x = one(call, args);
    return fold(x, axesOf(args, x.shape.length), args.constant('keepdims') === true, f);
  };
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Python's indexing: each part selects from one axis. */
function indexed(call: InterpretedCall, args: OperationArguments): Tensor64 {
  const x = one(call, args);
  const given = readIndex('index', args.constant('key'));
  const used = given.filter((part) => part !== 'new' && part !== 'rest').length;
  const whole: IndexPart[] = Array.from({ length: x.shape.length - used }, () => ({
    start: null,
    stop: null,
    step: 1,
  }));
  const parts = given.includes('rest')
    ? given.flatMap((part) => (part === 'rest' ? whole : [part]))
    : [...given, ...whole];
  let axis = 0;
  const shape: number[] = [];
  const sources: ((index: readonly number[]) => number)[] = [];
  for (const part of parts) {
    const place = shape.length;
    if (part === 'new') {
      shape.push(1);
      continue;
    }
    const size = x.shape[axis++];
    if (typeof part === 'object' && 'at' in part)
      sources.push(() => (part.at < 0 ? part.at + size : part.at));
    else if (typeof part === 'object') {
      const { start, stop, step } = part;
      const all = Array.from({ length: size }, (_, at) => at);
      const wrap = (value: number): number => (value < 0 ? value + size : value);
      const from = start === null ? (step > 0 ? 0 : size - 1) : wrap(start);
      const to = stop === null ? (step > 0 ? size : -1) : wrap(stop);
      const chosen = (step > 0 ? all : all.toReversed()).filter(
        (at) => (step > 0 ? at >= from && at < to : at <= from && at > to) && (at - from) % step === 0,
      );
      shape.push(chosen.length);
      sources.push((index) => chosen[index[place]]);
    }
  }
  return tensorOf(shape, (index) =>
    valueAt(
      x,
      sources.map((source) => source(index)),
    ),
  );
}

const operations: Readonly<Record<string, readonly [params: readonly string[], run: Operation]>> = {
  abs: [['x'], unary(Math.abs)],
  add: [['x1', 'x2'], binary((a, b) => a + b)],
  cast: [
    ['x', 'dtype'],
    (call, args) =>
      args.constant('dtype') === 'int32' ? mapValues(one(call, args), Math.trunc) : one(call, args),
  ],
  clip: [
    ['x', 'x_min', 'x_max'],
    (call, args) =>
      mapValues(one(call, args), (x) =>
        Math.min(Math.max(x, Number(args.constant('x_min'))), Number(args.constant('x_max'))),
      ),
  ],
  concatenate: [
    ['xs', 'axis'],
    (call, args) => {
      const parts = args.list('xs').map((part) => tensor(call, part, args));
      const axis = args.integers('axis')?.[0] ?? 0;
      return concatenate(parts, axis < 0 ? axis + parts[0].shape.length : axis);
    },
  ],
  divide: [['x1', 'x2'], binary((a, b) => a / b)],
  exp: [['x'], unary(Math.exp)],
  expand_dims: [
    ['x', 'axis'],
    (call, args) => {
      const x = one(call, args);
      return { ...x, shape: x.shape.toSpliced(axesOf(args, x.shape.length + 1)[0], 0, 1) };
    },
  ],
  getitem: [['x', 'key'], indexed],
  log: [['x'], unary(Math.log)],
  matmul: [
    ['x1', 'x2', 'transpose_x1', 'transpose_x2'],
    (call, args) => {
      const [a, b] = ['x1', 'x2'].map((name) => {
        const x = tensor(call, args.operand(name), args);
        if (args.constant(`transpose_${name}`) !== true) return x;
        const [batch, rows, columns] = x.shape;
        return tensorOf([batch, columns, rows], ([at, row, column]) => valueAt(x, [at, column, row]));
      });
      return tensorOf([a.shape[0], a.shape[1], b.shape[2]], ([at, row, column]) =>
        sum(
          Array.from(
            { length: a.shape[2] },
            (_, place) => valueAt(a, [at, row, place]) * valueAt(b, [at, place, column]),
          ),
        ),
      );
    },
  ],
  max: [['x', 'axis', 'keepdims'], reduced((values) => values.reduce((a, b) => Math.max(a, b), -Infinity))],
  maximum: [['x1', 'x2'], binary(Math.max)],
  mean: [['x', 'axis', 'keepdims'], reduced((values) => sum(values) / values.length)],
  min: [['x', 'axis', 'keepdims'], reduced((values) => values.reduce((a, b) => Math.min(a, b), Infinity))],
  minimum: [['x1', 'x2'], binary(Math.min)],
  multiply: [['x1', 'x2'], binary((a, b) => a * b)],
  negative: [['x'], unary((x) => -x)],
  power: [['x1', 'x2'], binary((a, b) => a ** b)],
  relu: [['x'], unary((x) => Math.max(x, 0))],
  reshape: [
    ['x', 'newshape'],
    (call, args) => {
      const [, ...rest] = args.integers('newshape') ?? [];
      const x = one(call, args);
      return { ...x, shape: [x.data.length / sizeOf(rest), ...rest] };
    },
  ],
  sigmoid: [['x'], rows('sigmoid')],
  silu: [['x'], rows('swish')],
  softmax: [['x', 'axis'], rows('softmax')],
  softplus: [['x'], rows('softplus')],
  sqrt: [['x'], unary(Math.sqrt)],
  square: [['x'], unary((x) => x * x)],
  squeeze: [
    ['x', 'axis'],
    (call, args) => {
      const x = one(call, args);
      const axes = axesOf(args, x.shape.length);
      return { ...x, shape: x.shape.filter((_, axis) => !axes.includes(axis)) };
    },
  ],
  subtract: [['x1', 'x2'], binary((a, b) => a - b)],
  sum: [['x', 'axis', 'keepdims'], reduced(sum)],
  tanh: [['x'], unary(Math.tanh)],
  transpose: [
    ['x', 'axes'],
    (call, args) => {
      const [x, axes] = [one(call, args), args.integers('axes') ?? []];
      return tensorOf(
        axes.map((axis) => x.shape[axis]),
        (index) =>
          valueAt(
            x,
            x.shape.map((_, axis) => index[axes.indexOf(axis)]),
          ),
      );
    },
  ],
};

/** An operation outside of layers; its output has no mask. */
export function interpretOperation(call: InterpretedCall): Masked[] {
  const { function: name, full, ...options } = call.config;
  const where = `layer "${call.name}": operation ${String(full)}`;
  if (!Object.hasOwn(operations, String(name)))
    throw new UnsupportedError(`${where}: the reference interpreter does not know it; pass --cases FILE`);
  const [params, run] = operations[String(name)];
  return [{ value: run(call, new OperationArguments(where, params, call.arguments, options)), mask: null }];
}
