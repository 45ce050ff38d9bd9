import type { Attribute, Graph, Model, Node, Tensor } from './graph.ts';
import { elementCount } from './graph.ts';
import { listed, plain, quoted } from './text.ts';

/** Maximum number of reported problems; a damaged file may have one per node. */
const MAX_PROBLEMS = 1000;

/**
 * Checks a model for errors and for what is slow in every runtime, including what onnx.checker does not check: shapes of W, R and
 * B of recurrent nodes, their activations, and weights that are also graph inputs. Time and memory are linear in the model's size.
 *
 * @returns a sentence for each problem, up to 1,000 and one that says there are more; none for a valid model
 */
export function checkModel(model: Model): string[] {
  const problems: string[] = [];
  for (const problem of problemsOf(model)) {
    if (problems.length === MAX_PROBLEMS)
      return [...problems, `more than ${MAX_PROBLEMS} problems; the others are left out`];
    problems.push(problem);
  }
  return problems;
}

function* problemsOf(model: Model): Generator<string> {
  if (model.irVersion < 4) {
    yield `IR version: expected 4 or later, where a constant need not be a graph input, got ${model.irVersion}`;
  }
  const domains = new Set<string>();
  for (const graph of graphsOf(model.graph)) {
    yield* checkTensors(graph);
    yield* checkRecurrent(graph);
    for (const { domain } of graph.nodes) domains.add(domain);
  }
  for (const domain of domains) {
    if (!Object.hasOwn(model.opsets, domain))
      yield `operator set ${quoted(domain)}: used by a node, not imported`;
  }
  yield* checkNames(model.graph);
}

/** The graph and its subgraphs. */
function* graphsOf(graph: Graph): Generator<Graph> {
  yield graph;
  for (const node of graph.nodes) {
    for (const value of Object.values(node.attributes)) {
      if (isGraph(value)) yield* graphsOf(value.value);
    }
  }
}

function isGraph(value: Attribute): value is Extract<Attribute, { kind: 'graph' }> {
  return value.kind === 'graph';
}

/** Checks that the size of each constant fits its shape. */
function* checkTensors(graph: Graph): Generator<string> {
  for (const { name, dims, data } of tensorsOf(graph)) {
    if (elementCount(dims) !== data.length)
      yield `constant ${quoted(name)}: shape [${listed(dims)}] has ${elementCount(dims)} elements, its data ${data.length}`;
  }
}

/** The graph's constants, and those in attributes of its nodes. */
function* tensorsOf({ initializers, nodes }: Graph): Generator<Tensor> {
  yield* initializers;
  for (const { attributes } of nodes) {
    for (const value of Object.values(attributes)) if (value.kind === 'tensor') yield value.value;
  }
}

/** Names of values in a graph and its surrounding graphs. */
class Scope {
  private readonly own = new Set<string>();
  private readonly outer: Scope | null;

  constructor(outer: Scope | null) {
    this.outer = outer;
  }

  add(name: string): void {
    this.own.add(name);
  }

  has(name: string): boolean {
    return this.own.has(name) || this.isOuter(name);
  }

  isOuter(name: string): boolean {
    return this.outer?.has(name) ?? false;
  }
}

/**
 * Checks names: every value is defined once and before its use (static single assignment), outputs exist, no constant is a graph
 * input, node names exist and are unique.
 *
 * @param outer names of the surrounding graphs, or null
 */
function* checkNames(graph: Graph, outer: Scope | null = null): Generator<string> {
  const known = new Scope(outer);
  const where = `graph ${quoted(graph.name)}`;
  const define = function* (name: string, by: string): Generator<string> {
    if (name === '') yield `${where}: ${by} has no name`;
    else if (known.has(name))
      yield `${where}: value ${quoted(name)} is defined by ${by} and was defined before`;
    known.add(name);
  };

  for (const { name } of graph.inputs) yield* define(name, 'an input');
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  for (const { name } of graph.initializers) {
    if (inputs.has(name)) {
      yield `${where}: constant ${quoted(name)} is a graph input too, so runtimes cannot prepare it once`;
    } else yield* define(name, 'a constant');
  }

  const nodeNames = new Set<string>();
  for (const node of graph.nodes) {
    const at = `node ${quoted(node.name)} (${plain(node.op)})`;
    if (node.name === '') yield `${where}: a node ${plain(node.op)} has no name`;
    else if (nodeNames.has(node.name)) yield `${where}: more than one node is named ${quoted(node.name)}`;
    nodeNames.add(node.name);
    for (const input of node.inputs) {
      if (input !== '' && !known.has(input)) {
        yield `${where}: ${at} takes ${quoted(input)}, which nothing defines before it`;
      }
    }
    for (const value of Object.values(node.attributes)) {
      if (value.kind === 'graph') yield* checkNames(value.value, known);
    }
    for (const output of node.outputs) {
      if (output !== '') yield* define(output, at);
    }
  }

  const outputs = new Set<string>();
  for (const { name } of graph.outputs) {
    if (!known.has(name) || (known.isOuter(name) && !inputs.has(name))) {
      yield `${where}: output ${quoted(name)} is not defined in it`;
    }
    if (outputs.has(name)) yield `${where}: output ${quoted(name)} is listed more than once`;
    outputs.add(name);
  }
  for (const { name } of graph.values) {
    if (!known.has(name)) yield `${where}: a shape is given for ${quoted(name)}, which nothing defines`;
  }
}

interface RecurrentOp {
  readonly gates: number;
  readonly activations: number;
}

/** Gates of each recurrent op, and activation functions per direction. */
const recurrentOps = new Map<string, RecurrentOp>([
  ['RNN', { gates: 1, activations: 1 }],
  ['LSTM', { gates: 4, activations: 3 }],
  ['GRU', { gates: 3, activations: 2 }],
]);

/** Activations that ONNX Runtime supports; names are case-insensitive. */
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
 * Checks a graph's RNN, LSTM and GRU nodes: hidden_size is present (ONNX Runtime needs it), layout is 0 (the only one of its CPU and CUDA
 * kernels), activations are known and complete, and constant W, R and B have the right shapes.
 */
function* checkRecurrent(graph: Graph): Generator<string> {
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
