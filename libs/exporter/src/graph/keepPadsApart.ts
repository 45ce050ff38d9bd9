import type { Graph, ValueInfo } from '@onda/onnx';

/** What stands between a Pad and a MaxPool without keeping ONNX Runtime from taking them for neighbours. */
const seenThrough: ReadonlySet<string> = new Set(['Identity', 'Transpose']);

/**
 * Gives each MaxPool behind a Pad its second output, the places of the largest values, though nothing takes it: ONNX Runtime (1.30,
 * pad_fusion.cc) then leaves both alone. Otherwise it makes the zeros of the Pad padding of the MaxPool, which counts as less than every
 * value, and so gives other values wherever all values near an edge are negative; or it refuses the model.
 */
export function keepPadsApart(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === 'Pad')) return graph;
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const infos = new Map([...graph.values, ...graph.outputs].map((info) => [info.name, info]));
  const places: ValueInfo[] = [];
  const nodes = graph.nodes.map((node) => {
    if (node.op !== 'MaxPool' || node.outputs.length > 1) return node;
    let before = makers.get(node.inputs[0]);
    while (before !== undefined && seenThrough.has(before.op)) before = makers.get(before.inputs[0]);
    if (before?.op !== 'Pad') return node;
    const [output] = node.outputs;
    const name = `${output}:places`;
    places.push({ name, type: 'int64', shape: infos.get(output)?.shape ?? null });
    return { ...node, outputs: [output, name] };
  });
  return { ...graph, nodes, values: [...graph.values, ...places] };
}
