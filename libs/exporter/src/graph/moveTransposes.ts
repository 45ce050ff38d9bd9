import type { Graph, Node } from '@onda/onnx';
import { KnownGraph } from './knownGraph.ts';
import { layOutAnew } from './layOutAnew.ts';
import { growRegion, saved } from './layoutRegion.ts';
import { isTranspose } from './permutation.ts';
import { namesTaken } from './pruneGraph.ts';

/**
 * Lays out anew what stands between Transposes that undo one another, so that neither is needed. Between convolutions, which want channels
 * first, stand layers that do not mind:
 *
 *   Conv - Transpose - Mul - Add - Relu - Transpose - Conv    becomes    Conv - Mul - Add - Relu - Conv
 *
 * A region is nodes that can run in either order of dims (layoutRules.ts), grown from a Transpose over all that is connected. It is laid out
 * anew where that saves more Transposes than it takes: those before it go where nothing else takes from them, those behind it where they
 * undo the ones before, and one comes for each value that others take as it was.
 *
 * What is left over (the Transposes that nothing takes from) is for `pruneGraph`; the order of nodes is put right.
 */
export function moveTransposes(graph: Graph): Graph {
  if (graph.nodes.filter(isTranspose).length < 2) return graph;
  let known = new KnownGraph(graph);
  for (let moved = true; moved;) {
    moved = false;
    const tried = new Set<string>();
    for (const { name } of graph.nodes.filter(isTranspose)) {
      const start = known.nodes.get(name);
      if (start === undefined || !isTranspose(start) || tried.has(name)) continue;
      const region = growRegion(known, start);
      for (const { name: done } of region.before) tried.add(done);
      if (saved(known, region) <= 0) continue;
      known = new KnownGraph(layOutAnew(known, region));
      moved = true;
    }
    graph = known.graph;
  }
  return inOrder(graph);
}

/** The nodes in an order in which each one's inputs are there before it, and otherwise as they were. */
function inOrder(graph: Graph): Graph {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const placed = new Set<Node>();
  const place = (node: Node): void => {
    if (placed.has(node)) return;
    for (const name of namesTaken(node)) {
      const maker = makers.get(name);
      if (maker !== undefined) place(maker);
    }
    placed.add(node);
  };
  graph.nodes.forEach(place);
  return { ...graph, nodes: [...placed] };
}
