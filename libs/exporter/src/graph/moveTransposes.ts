import type { Graph, Node } from '@onda/onnx';
import { KnownGraph } from './knownGraph.ts';
import { layOutAnew } from './layOutAnew.ts';
import type { Region } from './layoutRegion.ts';
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
 */
export function moveTransposes(graph: Graph): Graph {
  for (let best = graph, count = countIn(graph); ; count = countIn(best)) {
    const known = new KnownGraph(best);
    const regions = count < 2 ? [] : worthwhileRegions(known);
    const moved = regions.length === 0 ? best : layOutAnew(known, regions);
    if (countIn(moved) >= count) return best === graph ? graph : inOrder(best);
    best = moved;
  }
}

function countIn({ nodes }: Graph): number {
  return nodes.filter(isTranspose).length;
}

/** Regions that each save Transposes and have nothing to do with one another, so that all can be laid out anew at once. */
function worthwhileRegions(known: KnownGraph): Region[] {
  const tried = new Set<Node>();
  const moved = new Set<Node>();
  // Nodes whose values are to stay as they are, since a region takes from them.
  const sources = new Set<Node | undefined>();
  const regions: Region[] = [];
  for (const start of known.graph.nodes) {
    if (!isTranspose(start) || tried.has(start)) continue;
    const region = growRegion(known, start);
    for (const node of region.before) tried.add(node);
    if (saved(known, region) <= 0) continue;
    const taken = [...region.before].map(({ inputs }) => inputs[0]).concat(...region.foreign);
    const makers = taken.map((name) => known.makers.get(name)).filter((maker) => maker !== undefined);
    const inside = [...region.inside.keys()];
    if (makers.some((node) => moved.has(node)) || inside.some((node) => sources.has(node) || moved.has(node)))
      continue;
    for (const node of inside) moved.add(node);
    for (const node of makers) sources.add(node);
    regions.push(region);
  }
  return regions;
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
