import type { Attribute, Graph, Node } from '../graph/graph.ts';

/** Gates of each recurrent op, and how many activation functions one direction takes. */
const recurrentOps = new Map([
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
 * Checks an RNN, LSTM or GRU node: hidden_size there (ONNX Runtime wants it), layout 0 (the only one its CPU and CUDA kernels have),
 * activations known and as many as needed, and W, R and B, where they are constants, of the shapes that these say.
 */
export function checkRecurrent(node: Node, graph: Graph): string[] {
  const op = node.domain === '' ? recurrentOps.get(node.op) : undefined;
  if (op === undefined) return [];
  const at = `node "${node.name}" (${node.op})`;
  const units = intOf(node.attributes['hidden_size']);
  if (units === undefined) return [`${at}: has no hidden_size, which ONNX Runtime needs`];

  const problems: string[] = [];
  const layout = intOf(node.attributes['layout']) ?? 0;
  if (layout !== 0) problems.push(`${at}: layout ${layout}: ONNX Runtime's CPU and CUDA kernels have 0 only`);
  const direction = node.attributes['direction'] as Attribute | undefined;
  const directions = direction?.kind === 'string' && direction.value === 'bidirectional' ? 2 : 1;
  problems.push(...activationProblems(node, directions * op.activations, at));

  const rows = op.gates * units;
  const expected: [index: number, name: string, shape: (number | null)[]][] = [
    [1, 'W', [directions, rows, null]],
    [2, 'R', [directions, rows, units]],
    [3, 'B', [directions, 2 * rows]],
  ];
  for (const [index, name, shape] of expected) {
    const constant = graph.initializers.find(
      (tensor) => tensor.name !== '' && tensor.name === node.inputs[index],
    );
    if (constant === undefined) continue;
    const fits =
      constant.dims.length === shape.length &&
      shape.every((dim, axis) => dim === null || dim === constant.dims[axis]);
    if (!fits) {
      const wanted = shape.map((dim) => dim ?? 'features').join(', ');
      problems.push(`${at}: ${name}: expected shape [${wanted}], got [${constant.dims.join(', ')}]`);
    }
  }
  return problems;
}

function activationProblems({ attributes }: Node, count: number, at: string): string[] {
  const activations = attributes['activations'] as Attribute | undefined;
  if (activations?.kind !== 'strings') return [];
  const unknown = activations.value.filter((name) => !activationNames.has(name.toLowerCase()));
  return [
    ...(activations.value.length === count
      ? []
      : [`${at}: expected ${count} activations, got ${activations.value.length}`]),
    ...unknown.map((name) => `${at}: activation "${name}" is not one that ONNX Runtime knows`),
  ];
}

function intOf(value: Attribute | undefined): number | undefined {
  return value?.kind === 'int' ? value.value : undefined;
}
