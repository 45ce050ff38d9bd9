import type { Attribute, Graph, Model } from '../graph/graph.ts';
import { quoted } from '../text/quoted.ts';
import { checkNames } from './checkNames.ts';
import { checkRecurrent } from './checkRecurrent.ts';
import { checkTensors } from './checkTensors.ts';

/** Problems that are told; a damaged file may have one a node. */
const most = 1000;

/**
 * Checks a model for what makes it wrong or slow in every runtime, also what onnx.checker does not look at: the shapes of W, R and
 * B of recurrent nodes, their activations, and weights that are graph inputs too. Time and memory go with the model's size, whatever is in
 * it.
 *
 * @returns a sentence for each problem, up to 1,000 and one that says that there are more; none when the model is sound
 */
export function checkModel(model: Model): string[] {
  const problems: string[] = [];
  for (const problem of problemsOf(model)) {
    if (problems.length === most) return [...problems, `more than ${most} problems; the others are left out`];
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
