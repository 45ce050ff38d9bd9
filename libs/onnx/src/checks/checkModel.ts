import type { Attribute, Graph, Model } from '../graph/graph.ts';
import { checkNames } from './checkNames.ts';
import { checkRecurrent } from './checkRecurrent.ts';
import { checkTensors } from './checkTensors.ts';

/**
 * Checks a model for what makes it wrong or slow in every runtime, also what onnx.checker does not look at: the shapes of W, R and
 * B of recurrent nodes, their activations, and weights that are graph inputs too.
 *
 * @returns a sentence for each problem; none when the model is sound
 */
export function checkModel(model: Model): string[] {
  const problems: string[] = [];
  if (model.irVersion < 4) {
    problems.push(
      `IR version: expected 4 or later, where a constant need not be a graph input, got ${model.irVersion}`,
    );
  }
  const domains = new Set<string>();
  for (const graph of graphsOf(model.graph)) {
    problems.push(...checkTensors(graph), ...graph.nodes.flatMap((node) => checkRecurrent(node, graph)));
    for (const { domain } of graph.nodes) domains.add(domain);
  }
  for (const domain of domains) {
    if (!Object.hasOwn(model.opsets, domain))
      problems.push(`operator set "${domain}": used by a node, not imported`);
  }
  return [...problems, ...checkNames(model.graph)];
}

/** The graph and all graphs inside its nodes. */
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
