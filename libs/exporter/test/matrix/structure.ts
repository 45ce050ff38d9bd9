import type { Graph, Model, Node } from '@onda/onnx';
import type { Family, LayerPlan, ModelPlan } from './modelPlan.ts';

const recurrentOps: ReadonlySet<string> = new Set(['RNN', 'LSTM', 'GRU']);
const recurrentKinds: ReadonlySet<string> = new Set(['simpleRNN', 'lstm', 'gru']);

/** Nodes that a layer of the largest kinds (a Bidirectional or distributed one that returns its states) has at most; measured 19. */
const mostNodesOfLayer = 24;

/**
 * What is wrong with the structure of an exported model, a sentence each: graphs inside nodes, layers that are not one recurrent
 * node, a net unrolled in time, a Transpose that undoes the one before it, values without a shape whose dims have names.
 */
export function structureProblems(model: Model, plan: ModelPlan, family: Family): string[] {
  const { nodes } = model.graph;
  const problems: string[] = [];
  const inner = nodes.filter(({ attributes }) =>
    Object.values(attributes).some(({ kind }) => kind === 'graph'),
  );
  if (!family.subgraphs && inner.length > 0)
    problems.push(`expected no node with a separate graph, got ${inner.map(({ op }) => op).join(', ')}`);
  const recurrent = nodes.filter(({ op }) => recurrentOps.has(op)).length;
  const cells = plan.calls.reduce((count, { layer }) => count + cellsOf(layer), 0);
  if (!family.subgraphs && recurrent !== cells)
    problems.push(`expected ${cells} recurrent nodes, one a layer or cell, got ${recurrent}`);
  // A Bidirectional layer is two graphs where it is spelled out, with separate states.
  const most = mostNodesOfLayer * Math.max(cells, plan.calls.length) * (family.subgraphs ? 2 : 1);
  if (nodes.length > most) problems.push(`expected at most ${most} nodes, got ${nodes.length}`);
  return [...problems, ...idleTransposes(model.graph), ...unnamedDims(model.graph)];
}

/** Recurrent nodes that a layer should be: one a cell. A Bidirectional layer is one node with two directions. */
function cellsOf({ kind, config }: LayerPlan): number {
  if (recurrentKinds.has(kind)) return 1;
  if (kind === 'rnn') {
    const cell = config['cell'] as LayerPlan;
    return cell.kind === 'stackedRNNCells' ? (cell.config['cells'] as unknown[]).length : 1;
  }
  const inner = config['layer'] as LayerPlan | undefined;
  return inner === undefined ? 0 : cellsOf(inner);
}

/** Transposes that undo the Transpose right before them. */
function idleTransposes({ nodes }: Graph): string[] {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  return nodes
    .filter(({ op }) => op === 'Transpose')
    .flatMap((node) => {
      const before = producers.get(node.inputs[0]);
      if (before?.op !== 'Transpose') return [];
      const [first, second] = [permOf(before), permOf(node)];
      return second.length === first.length && second.every((axis, index) => first[axis] === index)
        ? [`expected no Transpose that undoes another, got "${node.name}" after "${before.name}"`]
        : [];
    });
}

function permOf({ attributes: { perm } }: Node): readonly number[] {
  return perm.kind === 'ints' ? perm.value : [];
}

function unnamedDims(graph: Graph): string[] {
  const known = new Map(
    [...graph.inputs, ...graph.outputs, ...graph.values].map((info) => [info.name, info.shape]),
  );
  return graph.nodes
    .flatMap(({ outputs }) => outputs)
    .filter((name) => name !== '')
    .flatMap((name) => {
      const shape = known.get(name);
      return shape === undefined || shape === null || shape.includes(null)
        ? [
            `expected the shape of "${name}" with every dim a number or a name, got ${JSON.stringify(shape ?? null)}`,
          ]
        : [];
    });
}
