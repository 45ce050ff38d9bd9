import type { Graph, Node, ValueInfo } from '@onda/onnx';

/**
 * Removes nodes, constants and optional outputs that no output depends on.
 *
 * @param optional names of values that their node may omit
 */
export function pruneGraph(graph: Graph, optional: ReadonlySet<string>): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    for (const name of namesTaken(node)) needed.add(name);
    const outputs = node.outputs.map((name) => (optional.has(name) && !needed.has(name) ? '' : name));
    const last = outputs.findLastIndex((name) => name !== '');
    nodes.push({ ...node, outputs: outputs.slice(0, last + 1) });
  }
  nodes.reverse();
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  return {
    ...graph,
    nodes,
    initializers: graph.initializers.filter(({ name }) => needed.has(name)),
    values: graph.values.filter(({ name }) => made.has(name)),
  };
}

/** Names that a node uses, including names that its subgraphs use from outside. */
function namesTaken(node: Node): string[] {
  const inside = Object.values(node.attributes).flatMap((value) =>
    value.kind === 'graph'
      ? [...value.value.nodes.flatMap(namesTaken), ...value.value.outputs.map(({ name }) => name)]
      : [],
  );
  return [...node.inputs, ...inside].filter((name) => name !== '');
}

/** Ops between a Pad and a MaxPool that ONNX Runtime's Pad fusion looks through. */
const TRANSPARENT_OPS: ReadonlySet<string> = new Set(['Identity', 'Transpose']);

/**
 * Gives each MaxPool after a Pad its second output (the indices), which blocks ONNX Runtime's Pad fusion (1.30, pad_fusion.cc). The fusion turns
 * the zeros of the Pad into padding of the MaxPool, which counts as minus infinity: results differ where all values near an edge are negative, or
 * the model is rejected.
 */
export function blockPadFusion(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === 'Pad')) return graph;
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const infos = new Map([...graph.values, ...graph.outputs].map((info) => [info.name, info]));
  const places: ValueInfo[] = [];
  const nodes = graph.nodes.map((node) => {
    if (node.op !== 'MaxPool' || node.outputs.length > 1) return node;
    let before = makers.get(node.inputs[0]);
    while (before !== undefined && TRANSPARENT_OPS.has(before.op)) before = makers.get(before.inputs[0]);
    if (before?.op !== 'Pad') return node;
    const [output] = node.outputs;
    const name = `${output}:places`;
    places.push({ name, type: 'int64', shape: infos.get(output)?.shape ?? null });
    return { ...node, outputs: [output, name] };
  });
  return { ...graph, nodes, values: [...graph.values, ...places] };
}
