import { floatTensor } from '@onda/onnx';
import type { CallArgument } from '../artifacts/layerCalls.ts';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import type { IndexPart } from '../artifacts/operationArguments.ts';
import { OperationArguments, readIndex } from '../artifacts/operationArguments.ts';
import { UnsupportedError } from '../errors.ts';
import { INT_MAX_SLICE_END, cast, emitReduce, scalar } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { ActivationName } from './activations.ts';
import { emitActivationOf } from './activations.ts';
import type { LayerCall, LayerFamily, LayerRule, Timing } from './layerRule.ts';
import { batchMajor } from './layerRule.ts';
import { mergingLayers } from './merging.ts';
import { reshapingLayers } from './reshaping.ts';

/** An operation outside of layers, as Keras 2 and 3 record `x + y` or `x[:, -1]`. */
interface Operation {
  /** Names of the arguments in their order. */
  readonly params: readonly string[];
  readonly emit: (call: LayerCall, args: OperationArguments) => Value;
  readonly timing: (call: LayerCall, args: OperationArguments) => Timing;
}

const where = ({ options }: LayerCall): string =>
  `layer "${options.layer}": operation ${String(options.get('full'))}`;

const samples = (): Timing => 'samples';

/** A tensor of a call, [batch, ...]; other types than float32 only where `anyType`. */
function tensor(call: LayerCall, argument: CallArgument, anyType = false): Value {
  if (!('input' in argument)) {
    throw new UnsupportedError(`${where(call)}: expected a tensor, got a constant; use a layer`);
  }
  const x = batchMajor(call, argument.input);
  if (anyType || x.type === 'float32') return x;
  throw new UnsupportedError(
    `${where(call)}: expected float32 values, got ${x.type}; cast them to float32 first`,
  );
}

interface Operand {
  readonly value: Value | string;
  readonly shape: readonly Dim[];
}

/** A tensor, a number, or a list of numbers. */
function operand(call: LayerCall, args: OperationArguments, name: string): Operand {
  const argument = args.operand(name);
  if ('input' in argument) {
    const value = tensor(call, argument);
    return { value, shape: value.shape };
  }
  const constant = args.constant(name);
  if (typeof constant === 'number') return { value: scalar(call.builder, constant), shape: [] };
  const shape: number[] = [];
  for (let level: unknown = constant; Array.isArray(level); level = level.at(0)) shape.push(level.length);
  const data = (Array.isArray(constant) ? constant : [constant]).flat(Infinity) as unknown[];
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (shape.length === 0 || data.length !== size || !data.every((one) => typeof one === 'number')) {
    throw new UnsupportedError(
      `${where(call)}: expected numbers as constants, got ${JSON.stringify(constant).slice(0, 80)}; use a layer`,
    );
  }
  const key = `${call.path}/${name}`;
  return {
    value: call.builder.shared(key, () => floatTensor(key, shape, Float32Array.from(data))),
    shape,
  };
}

/** The broadcast shape, aligned at the last dims. */
function broadcast(call: LayerCall, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [one, two] = [a.at(axis - rank), b.at(axis - rank)].map((dim, index) =>
      axis < rank - [a, b][index].length ? 1 : (dim ?? 1),
    );
    if (one === 1 || one === two) return two;
    if (two === 1) return one;
    if (typeof one === 'number' && typeof two === 'number') {
      throw new UnsupportedError(
        `${where(call)}: expected shapes that broadcast, got [${a.join(', ')}] and [${b.join(', ')}]; reshape one of them`,
      );
    }
    return typeof one === 'number' ? one : two;
  });
}

const binary = (op: string): Operation => ({
  params: ['x1', 'x2'],
  emit: (call, args) => {
    const [a, b] = [operand(call, args, 'x1'), operand(call, args, 'x2')];
    const shape = broadcast(call, a.shape, b.shape);
    return call.builder.single(call.path, op, [a.value, b.value], { shape });
  },
  timing: samples,
});

const unary = (op: string): Operation => ({
  params: ['x'],
  emit: (call, args) => {
    const x = tensor(call, args.operand('x'));
    return call.builder.single(call.path, op, [x], x);
  },
  timing: samples,
});

const activation = (name: ActivationName): Operation => ({
  params: ['x'],
  emit: (call, args) => emitActivationOf(call.builder, call.path, tensor(call, args.operand('x')), name),
  timing: samples,
});

/** Axes as they are counted from 0; the batch is refused. */
function axesOf(call: LayerCall, rank: number, given: readonly number[] | undefined): number[] {
  const axes = given?.map((axis) => (axis < 0 ? axis + rank : axis));
  if (axes?.every((axis) => axis > 0 && axis < rank) === true) return axes;
  throw new UnsupportedError(
    `${where(call)}: axis: expected axes after the batch, 1 to ${rank - 1}, got ${given?.join(', ') ?? 'all'}; give one of these`,
  );
}

function rankOf({ inputs }: LayerCall, argument: CallArgument): number {
  return 'input' in argument ? inputs[argument.input].shape.length : 0;
}

/**
 * The timing of an operation along axes: sample by sample, except along time.
 *
 * @param added axes of the result that x lacks
 */
const unlessOverTime =
  (mixes: string, added = 0): Operation['timing'] =>
  (call, args) =>
    axesOf(call, rankOf(call, args.operand('x')) + added, args.integers('axis')).includes(1)
      ? { mixes }
      : 'samples';

const reduction = (op: Parameters<typeof emitReduce>[2]): Operation => ({
  params: ['x', 'axis', 'keepdims'],
  emit: (call, args) => {
    const x = tensor(call, args.operand('x'));
    const axes = axesOf(call, x.shape.length, args.integers('axis'));
    return emitReduce(call, call.path, op, x, axes, args.constant('keepdims') === true);
  },
  timing: unlessOverTime('it reduces over time'),
});

const softmax = (name: 'softmax' | 'log_softmax'): Operation => ({
  params: ['x', 'axis'],
  emit: (call, args) => {
    const x = tensor(call, args.operand('x'));
    const [axis] = axesOf(call, x.shape.length, args.integers('axis') ?? [-1]);
    if (axis !== x.shape.length - 1)
      throw new UnsupportedError(
        `${where(call)}: axis: expected the last one, got ${axis}; use a Softmax layer`,
      );
    return emitActivationOf(call.builder, call.path, x, name);
  },
  timing: samples,
});

/** One axis of an index; open dims have an unknown size after a slice. */
function slicedSize(
  dim: Dim,
  { start, stop, step }: Exclude<IndexPart, string | { at: number }>,
  name: string,
): Dim {
  if (typeof dim === 'string') return name;
  const bound = (value: number | null, fallback: number): number => {
    if (value === null) return fallback;
    const [low, high] = step > 0 ? [0, dim] : [-1, dim - 1];
    return Math.min(Math.max(value < 0 ? value + dim : value, low), high);
  };
  const [from, to] =
    step > 0 ? [bound(start, 0), bound(stop, dim)] : [bound(start, dim - 1), bound(stop, -1)];
  return Math.max(0, Math.ceil((to - from) / step));
}

const isWhole = (part: IndexPart): boolean =>
  typeof part === 'object' && 'step' in part && part.start === null && part.stop === null && part.step === 1;

/** The parts of an index for each axis of x, new axes included; `rest` and missing parts are whole axes. */
function indexOf(call: LayerCall, args: OperationArguments): IndexPart[] {
  const parts = readIndex(where(call), args.constant('key'));
  const rank = rankOf(call, args.operand('x'));
  const whole: IndexPart = { start: null, stop: null, step: 1 };
  const used = parts.filter((part) => part !== 'new' && part !== 'rest').length;
  const missing = Array<IndexPart>(Math.max(0, rank - used)).fill(whole);
  const full = parts.includes('rest')
    ? parts.flatMap((part) => (part === 'rest' ? missing : [part]))
    : [...parts, ...missing];
  const [first] = full;
  const startsAtBatch =
    isWhole(first) ||
    (typeof first === 'object' &&
      'step' in first &&
      first.start === 0 &&
      first.stop === null &&
      first.step === 1);
  if (full.filter((part) => part !== 'new').length === rank && startsAtBatch) return full;
  throw new UnsupportedError(
    `${where(call)}: expected an index that keeps the batch, such as [:, -1], got one with ${parts.length} parts for ${rank} dims; index the dims after the batch`,
  );
}

/** x[:, -1], x[:, 2:, None]: a Slice, then a Squeeze of the indexed axes, then an Unsqueeze of new ones. */
function emitIndex(call: LayerCall, args: OperationArguments): Value {
  const { builder, path } = call;
  const x = tensor(call, args.operand('x'), true);
  const parts = indexOf(call, args);
  const axes = parts.filter((part) => part !== 'new');
  const cuts = axes.flatMap((part, axis) => {
    if (typeof part === 'string' || isWhole(part) || axis === 0) return [];
    if ('at' in part)
      return [{ axis, start: part.at, end: part.at === -1 ? INT_MAX_SLICE_END : part.at + 1, step: 1 }];
    const { start, stop, step } = part;
    const [from, to] =
      step > 0 ? [start ?? 0, stop ?? INT_MAX_SLICE_END] : [start ?? -1, stop ?? -INT_MAX_SLICE_END];
    return [{ axis, start: from, end: to, step }];
  });
  let y = x;
  const sliced = x.shape.map((dim, axis): Dim => {
    const part = axes[axis];
    if (axis === 0 || typeof part === 'string' || isWhole(part)) return dim;
    return 'at' in part ? 1 : slicedSize(dim, part, `${path}/dim:${axis}`);
  });
  if (cuts.length > 0) {
    const inputs = [
      x,
      ...(['start', 'end', 'axis', 'step'] as const).map((key) =>
        builder.integers(cuts.map((cut) => cut[key])),
      ),
    ];
    y = builder.single(`${path}/slice`, 'Slice', inputs, { shape: sliced, type: x.type });
  }
  const gone = axes.flatMap((part, axis) => (typeof part === 'object' && 'at' in part ? [axis] : []));
  if (gone.length > 0) {
    const shape = sliced.filter((_, axis) => !gone.includes(axis));
    y = builder.single(`${path}/squeeze`, 'Squeeze', [y, builder.integers(gone)], { shape, type: x.type });
  }
  const kept = parts.filter((part) => part === 'new' || !('at' in (part as object)));
  const added = kept.flatMap((part, axis) => (part === 'new' ? [axis] : []));
  return added.length === 0 ? y : unsqueezed(call, y, added);
}

function unsqueezed({ builder, path }: LayerCall, x: Value, axes: readonly number[]): Value {
  const shape = [...x.shape];
  for (const axis of axes) shape.splice(axis, 0, 1);
  return builder.single(`${path}/unsqueeze`, 'Unsqueeze', [x, builder.integers(axes)], {
    shape,
    type: x.type,
  });
}

/** The last sample by itself can come in pieces; other positions in time cannot. */
function indexTiming(call: LayerCall, args: OperationArguments): Timing {
  const time = indexOf(call, args)[1] as IndexPart | undefined;
  if (time === undefined || isWhole(time)) return 'samples';
  if (typeof time === 'object' && 'at' in time && time.at === -1) return 'latest';
  return { mixes: 'it selects positions in time' };
}

/** An operation that is a layer with options made from the arguments. */
function asLayer(
  rule: LayerRule,
  params: readonly string[],
  config: (call: LayerCall, args: OperationArguments) => Readonly<Record<string, unknown>>,
): Operation {
  const layerCall = (call: LayerCall, args: OperationArguments): LayerCall => ({
    ...call,
    options: new LayerOptions(call.options.layer, config(call, args)),
  });
  return {
    params,
    emit: (call, args) => rule.convert(layerCall(call, args))[0],
    timing: (call, args) => rule.timing(layerCall(call, args), 0),
  };
}

function newShape(call: LayerCall, args: OperationArguments): (number | null)[] {
  const [batch, ...rest] = args.integers('newshape') ?? [];
  // -1 for the batch: all other dims are fixed then.
  if (batch === -1 && rest.every((dim) => dim >= 0)) return rest;
  throw new UnsupportedError(
    `${where(call)}: expected a shape [-1, ...] with fixed dims after the batch, got [${[batch, ...rest].join(', ')}]; use a Reshape layer`,
  );
}

const concatenation = (_call: LayerCall, args: OperationArguments): { axis: number } => ({
  axis: args.integers('axis')?.[0] ?? 0,
});
const reshaping = (call: LayerCall, args: OperationArguments): { target_shape: (number | null)[] } => ({
  target_shape: newShape(call, args),
});
const permutation = (call: LayerCall, args: OperationArguments): { dims: number[] } => {
  const [batch, ...dims] = args.integers('axes') ?? [];
  if (batch === 0) return { dims };
  throw new UnsupportedError(
    `${where(call)}: axes: expected the batch to stay first, got [${[batch, ...dims].join(', ')}]; use a Permute layer`,
  );
};

const operations: Readonly<Record<string, Operation>> = {
  abs: unary('Abs'),
  add: binary('Add'),
  cast: {
    params: ['x', 'dtype'],
    emit: (call, args) => {
      const [x, type] = [tensor(call, args.operand('x'), true), args.constant('dtype')];
      if (type === 'float32' || type === 'int32') return cast(call.builder, call.path, x, type);
      throw new UnsupportedError(
        `${where(call)}: dtype: expected "float32" or "int32", got ${JSON.stringify(type)}; use one of these`,
      );
    },
    timing: samples,
  },
  clip: {
    params: ['x', 'x_min', 'x_max'],
    emit: (call, args) => {
      const x = tensor(call, args.operand('x'));
      const [low, high] = ['x_min', 'x_max'].map((end) => scalar(call.builder, Number(args.constant(end))));
      return call.builder.single(call.path, 'Clip', [x, low, high], x);
    },
    timing: samples,
  },
  concatenate: asLayer(mergingLayers.Concatenate, ['xs', 'axis'], concatenation),
  divide: binary('Div'),
  elu: activation('elu'),
  exp: unary('Exp'),
  expand_dims: {
    params: ['x', 'axis'],
    emit: (call, args) => {
      const x = tensor(call, args.operand('x'), true);
      return unsqueezed(call, x, axesOf(call, x.shape.length + 1, args.integers('axis')));
    },
    timing: unlessOverTime('it adds an axis before time', 1),
  },
  getitem: { params: ['x', 'key'], emit: emitIndex, timing: indexTiming },
  log: unary('Log'),
  log_softmax: softmax('log_softmax'),
  matmul: {
    params: ['x1', 'x2', 'transpose_x1', 'transpose_x2'],
    emit: (call, args) => {
      const [a, b] = ['x1', 'x2'].map((name) => {
        const x = tensor(call, args.operand(name));
        if (x.shape.length !== 3)
          throw new UnsupportedError(
            `${where(call)}: expected tensors of three dims, got [${x.shape.join(', ')}]; use a Dot layer`,
          );
        return args.constant(`transpose_${name}`) === true
          ? call.builder.transposed(x, [0, 2, 1], `${call.path}/${name}`)
          : x;
      });
      const shape = [a.shape[0], a.shape[1], b.shape[2]];
      return call.builder.single(call.path, 'MatMul', [a, b], { shape });
    },
    timing: () => ({ mixes: 'its products combine samples' }),
  },
  max: reduction('ReduceMax'),
  maximum: binary('Max'),
  mean: reduction('ReduceMean'),
  min: reduction('ReduceMin'),
  minimum: binary('Min'),
  multiply: binary('Mul'),
  negative: unary('Neg'),
  power: binary('Pow'),
  reciprocal: unary('Reciprocal'),
  relu: activation('relu'),
  relu6: activation('relu6'),
  reshape: asLayer(reshapingLayers.Reshape, ['x', 'newshape'], reshaping),
  selu: activation('selu'),
  sigmoid: activation('sigmoid'),
  silu: activation('swish'),
  softmax: softmax('softmax'),
  softplus: activation('softplus'),
  softsign: activation('softsign'),
  sqrt: unary('Sqrt'),
  square: {
    params: ['x'],
    emit: (call, args) => {
      const x = tensor(call, args.operand('x'));
      return call.builder.single(call.path, 'Mul', [x, x], x);
    },
    timing: samples,
  },
  squeeze: {
    params: ['x', 'axis'],
    emit: (call, args) => {
      const x = tensor(call, args.operand('x'), true);
      const axes = axesOf(call, x.shape.length, args.integers('axis'));
      const shape = x.shape.filter((_, axis) => !axes.includes(axis));
      return call.builder.single(call.path, 'Squeeze', [x, call.builder.integers(axes)], {
        shape,
        type: x.type,
      });
    },
    timing: unlessOverTime('it removes the time axis'),
  },
  subtract: binary('Sub'),
  sum: reduction('ReduceSum'),
  tanh: activation('tanh'),
  transpose: asLayer(reshapingLayers.Permute, ['x', 'axes'], permutation),
};

function argumentsOf(call: LayerCall): [Operation, OperationArguments] {
  const { options } = call;
  const name = String(options.get('function'));
  if (!Object.hasOwn(operations, name)) {
    throw new UnsupportedError(
      `${where(call)} is not supported; build the model with a layer instead, or with an operation that the exporter's README lists`,
    );
  }
  const operation = operations[name];
  const own = options.keys().filter((key) => key !== 'function' && key !== 'full');
  const given = Object.fromEntries(own.map((key) => [key, options.get(key)]));
  return [operation, new OperationArguments(where(call), operation.params, call.arguments, given)];
}

export const operationLayers = {
  Operation: {
    convert: (call) => {
      const [operation, args] = argumentsOf(call);
      return [operation.emit(call, args)];
    },
    timing: (call) => {
      const [operation, args] = argumentsOf(call);
      return operation.timing(call, args);
    },
  },
} satisfies LayerFamily;
