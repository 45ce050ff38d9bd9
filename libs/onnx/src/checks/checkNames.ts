import type { Graph } from '../graph/graph.ts';
import { plain, quoted } from '../text/quoted.ts';

/** Names that values have in a graph, and in the graphs around it. */
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
 * Checks names: every value is made once and before it is used (static single assignment), outputs exist, no constant is a graph
 * input, node names are there and unique.
 *
 * @param outer names that the surrounding graphs have; null: there are none
 */
export function* checkNames(graph: Graph, outer: Scope | null = null): Generator<string> {
  const known = new Scope(outer);
  const where = `graph ${quoted(graph.name)}`;
  const define = function* (name: string, by: string): Generator<string> {
    if (name === '') yield `${where}: ${by} has no name`;
    else if (known.has(name)) yield `${where}: value ${quoted(name)} is made by ${by} and was made before`;
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
        yield `${where}: ${at} takes ${quoted(input)}, which nothing makes before it`;
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
      yield `${where}: output ${quoted(name)} is made by nothing in it`;
    }
    if (outputs.has(name)) yield `${where}: output ${quoted(name)} stands there more than once`;
    outputs.add(name);
  }
  for (const { name } of graph.values) {
    if (!known.has(name)) yield `${where}: a shape is given for ${quoted(name)}, which nothing makes`;
  }
}
