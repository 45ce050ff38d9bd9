import type { Graph, Node } from '@onda/onnx';

/**
 * Leaves out what no output needs: nodes, constants, and outputs of a node that are optional.
 *
 * @param optional names of values that their node need not put out
 */
export function pruneGraph(graph: Graph, optional: ReadonlySet<string>): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    for (const name of namesTaken(node)) needed.add(name);
    const outputs = node.outputs.map((name) => (optional.has(name) && !needed.has(name) ? '' : name));
    const last = outputs.findLastIndex((name) => name !== '');
    nodes.unshift({ ...node, outputs: outputs.slice(0, last + 1) });
  }
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  return {
    ...graph,
    nodes,
    initializers: graph.initializers.filter(({ name }) => needed.has(name)),
    values: graph.values.filter(({ name }) => made.has(name)),
  };
}

/** Names that a node takes, also those that graphs inside it take from outside. */
export function namesTaken(node: Node): string[] {
  const inside = Object.values(node.attributes).flatMap((value) =>
    value.kind === 'graph'
      ? [...value.value.nodes.flatMap(namesTaken), ...value.value.outputs.map(({ name }) => name)]
      : [],
  );
  return [...node.inputs, ...inside].filter((name) => name !== '');
}
