import type { Attribute, Node, Tensor } from '@onda/onnx';
import { attribute, elementArrays, int64Tensor } from '@onda/onnx';

/** A node with its constants, as it is to be for values whose dims lie in another order. */
export interface Relaid {
  readonly attributes: Node['attributes'];
  /** Constants that take the place of an input, by its index. */
  readonly constants: ReadonlyMap<number, Tensor>;
}

/** What a rule knows of a node. */
export interface LaidNode {
  readonly node: Node;
  readonly rank: number;
  /** The constant at an input; undefined where there is none. */
  readonly constantAt: (index: number) => Tensor | undefined;
}

/**
 * A node on Transpose(x, perm) as a node on x.
 *
 * @param perm dim i of the transposed value is dim perm[i] of x
 * @returns null where there is no such node
 */
type LayoutRule = (laid: LaidNode, perm: readonly number[]) => Relaid | null;

const same = ({ attributes }: Node): Relaid => ({ attributes, constants: new Map() });

/** Value by value: constants are broadcast, so that they are laid out anew. */
const byValue: LayoutRule = ({ node, rank, constantAt }, perm) => {
  const constants = new Map<number, Tensor>();
  for (const index of node.inputs.keys()) {
    const constant = constantAt(index);
    if (constant === undefined || constant.data.length === 1) continue;
    if (constant.dims.length > rank) return null;
    constants.set(index, relaidConstant(constant, perm));
  }
  return { attributes: node.attributes, constants };
};

const byAxis: LayoutRule = ({ node, rank }, perm) => {
  const { axis } = node.attributes as Record<string, Attribute | undefined>;
  if (axis?.kind !== 'int') return null;
  return {
    ...same(node),
    attributes: { ...node.attributes, axis: attribute.int(perm[at(axis.value, rank)]) },
  };
};

/** Axes as an attribute, or as the constant at an input. */
const byAxes =
  (input: number): LayoutRule =>
  ({ node, rank, constantAt }, perm) => {
    const { axes } = node.attributes as Record<string, Attribute | undefined>;
    const moved = (list: readonly number[]): number[] => list.map((axis) => perm[at(axis, rank)]);
    if (axes?.kind === 'ints')
      return { ...same(node), attributes: { ...node.attributes, axes: attribute.ints(moved(axes.value)) } };
    const constant = constantAt(input);
    return constant === undefined ? null : withIntegers(node, input, moved(numbersOf(constant)));
  };

/** Begins of all dims, then ends. */
const byPads: LayoutRule = ({ node, rank, constantAt }, perm) => {
  const pads = constantAt(1);
  if (pads === undefined || node.inputs.length > 3) return null;
  const given = numbersOf(pads);
  const moved = new Array<number>(2 * rank).fill(0);
  perm.forEach((dim, index) => {
    moved[dim] = given[index];
    moved[rank + dim] = given[rank + index];
  });
  return withIntegers(node, 1, moved);
};

const unary = [
  ...['Cast', 'Clip', 'Elu', 'Erf', 'Exp', 'HardSigmoid', 'Identity', 'LeakyRelu', 'Neg', 'Not', 'Relu'],
  ...['Selu', 'Sigmoid', 'Softplus', 'Softsign', 'Sqrt', 'Tanh', 'ThresholdedRelu'],
];
const several = ['Add', 'And', 'Div', 'GreaterOrEqual', 'Max', 'Min', 'Mul', 'PRelu', 'Sub', 'Where'];

/** Ops that can as well run on a value whose dims lie in another order, and give theirs so. */
const rules = new Map<string, LayoutRule>([
  ...[...unary, ...several].map((op) => [op, byValue] as const),
  ...['Concat', 'LogSoftmax', 'Softmax'].map((op) => [op, byAxis] as const),
  ['Pad', byPads],
  ['Slice', byAxes(3)],
]);

const reductions = new Set([
  'ReduceLogSumExp',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceProd',
  'ReduceSum',
]);

/** The node for values in the order before a Transpose, whose outputs lie in that order too; null where there is none. */
export function relaid(laid: LaidNode, perm: readonly number[]): Relaid | null {
  const { node } = laid;
  if (node.domain !== '' || node.outputs.length !== 1) return null;
  if (reductions.has(node.op)) return keepsDims(node) ? byAxes(1)(laid, perm) : null;
  return rules.get(node.op)?.(laid, perm) ?? null;
}

/** A reduction on values in the order before a Transpose, where what is left lies in the same order for both; else null. */
export function reduced(laid: LaidNode, perm: readonly number[]): Relaid | null {
  const { node, rank } = laid;
  if (node.domain !== '' || !reductions.has(node.op) || keepsDims(node)) return null;
  const moved = byAxes(1)(laid, perm);
  if (moved === null) return null;
  const list = moved.attributes['axes'] as Attribute | undefined;
  const [constant] = moved.constants.values();
  const gone = new Set(list?.kind === 'ints' ? list.value : numbersOf(constant));
  const left = perm.filter((dim) => !gone.has(dim));
  return gone.size < rank && left.every((dim, index) => index === 0 || dim > left[index - 1]) ? moved : null;
}

function keepsDims({ attributes }: Node): boolean {
  const { keepdims } = attributes as Record<string, Attribute | undefined>;
  return keepdims?.kind !== 'int' || keepdims.value !== 0;
}

function withIntegers(node: Node, input: number, values: readonly number[]): Relaid {
  const constant = int64Tensor(`int64:${values.join('_')}`, [values.length], values);
  return { ...same(node), constants: new Map([[input, constant]]) };
}

function numbersOf({ data }: Tensor): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

function at(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** A constant that is broadcast to Transpose(x, perm), as it is broadcast to x. */
function relaidConstant(constant: Tensor, perm: readonly number[]): Tensor {
  const rank = perm.length;
  const padded = [...new Array<number>(rank - constant.dims.length).fill(1), ...constant.dims];
  const dims = new Array<number>(rank).fill(1);
  perm.forEach((dim, index) => (dims[dim] = padded[index]));
  const data = new elementArrays[constant.type](constant.data.length);
  // How far apart neighbours along each dim of x lie in the constant.
  const strides = new Array<number>(rank).fill(0);
  let stride = 1;
  for (let index = rank - 1; index >= 0; index--) {
    strides[perm[index]] = stride;
    stride *= padded[index];
  }
  const places = new Array<number>(rank).fill(0);
  for (let index = 0; index < data.length; index++) {
    data[index] = constant.data[places.reduce((sum, place, dim) => sum + place * strides[dim], 0)];
    for (let dim = rank - 1; dim >= 0 && ++places[dim] === dims[dim]; dim--) places[dim] = 0;
  }
  const first = dims.findIndex((dim) => dim > 1);
  return { ...constant, name: `${constant.name}/${perm.join('')}`, dims: dims.slice(first), data } as Tensor;
}
