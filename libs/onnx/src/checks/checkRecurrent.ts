import type { Attribute, Graph, Node } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import { listed } from '../text/listed.ts';
import { quoted } from '../text/quoted.ts';

interface RecurrentOp {
  readonly gates: number;
  readonly activations: number;
}

/** Gates of each recurrent op, and how many activation functions one direction takes. */
const recurrentOps = new Map<string, RecurrentOp>([
  ['RNN', { gates: 1, activations: 1 }],
  ['LSTM', { gates: 4, activations: 3 }],
  ['GRU', { gates: 3, activations: 2 }],
]);

/** What ONNX Runtime knows; it compares without regard to case. */
const activationNames = new Set([
  'affine',
  'elu',
  'hardsigmoid',
  'leakyrelu',
  'relu',
  'scaledtanh',
  'sigmoid',
  'softplus',
  'softsign',
  'tanh',
  'thresholdedrelu',
]);

/**
 * Checks a graph's RNN, LSTM and GRU nodes: hidden_size there (ONNX Runtime wants it), layout 0 (the only one its CPU and CUDA kernels
 * have), activations known and as many as needed, and W, R and B, where they are constants, of the shapes that these say.
 */
export function* checkRecurrent(graph: Graph): Generator<string> {
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  constants.delete('');
  for (const node of graph.nodes) {
    const op = node.domain === '' ? recurrentOps.get(node.op) : undefined;
    if (op !== undefined) yield* nodeProblems(node, op, constants);
  }
}

function* nodeProblems(
  node: Node,
  op: RecurrentOp,
  constants: ReadonlyMap<string, Tensor>,
): Generator<string> {
  const at = `node ${quoted(node.name)} (${node.op})`;
  const units = intOf(node.attributes['hidden_size']);
  if (units === undefined) {
    yield `${at}: has no hidden_size, which ONNX Runtime needs`;
    return;
  }
  const layout = intOf(node.attributes['layout']) ?? 0;
  if (layout !== 0) yield `${at}: layout ${layout}: ONNX Runtime's CPU and CUDA kernels have 0 only`;
  const direction = node.attributes['direction'] as Attribute | undefined;
  const directions = direction?.kind === 'string' && direction.value === 'bidirectional' ? 2 : 1;
  yield* activationProblems(node, directions * op.activations, at);

  const rows = op.gates * units;
  const expected: [index: number, name: string, shape: (number | null)[]][] = [
    [1, 'W', [directions, rows, null]],
    [2, 'R', [directions, rows, units]],
    [3, 'B', [directions, 2 * rows]],
  ];
  for (const [index, name, shape] of expected) {
    const constant = constants.get(node.inputs[index]);
    if (constant === undefined) continue;
    const fits =
      constant.dims.length === shape.length &&
      shape.every((dim, axis) => dim === null || dim === constant.dims[axis]);
    if (!fits) {
      const wanted = shape.map((dim) => dim ?? 'features').join(', ');
      yield `${at}: ${name}: expected shape [${wanted}], got [${listed(constant.dims)}]`;
    }
  }
}

function* activationProblems({ attributes }: Node, count: number, at: string): Generator<string> {
  const activations = attributes['activations'] as Attribute | undefined;
  if (activations?.kind !== 'strings') return;
  if (activations.value.length !== count)
    yield `${at}: expected ${count} activations, got ${activations.value.length}`;
  for (const name of activations.value) {
    if (!activationNames.has(name.toLowerCase()))
      yield `${at}: activation ${quoted(name)} is not one that ONNX Runtime knows`;
  }
}

function intOf(value: Attribute | undefined): number | undefined {
  return value?.kind === 'int' ? value.value : undefined;
}
