import type { Graph } from '../graph/graph.ts';

/**
 * Checks names: every value is made once and before it is used (static single assignment), outputs exist, no constant is a graph
 * input, node names are there and unique.
 *
 * @param outer names that the surrounding graphs have
 */
export function checkNames(graph: Graph, outer: ReadonlySet<string> = new Set()): string[] {
  const problems: string[] = [];
  const known = new Set(outer);
  const where = `graph "${graph.name}"`;
  const define = (name: string, by: string): void => {
    if (name === '') problems.push(`${where}: ${by} has no name`);
    else if (known.has(name)) problems.push(`${where}: value "${name}" is made by ${by} and was made before`);
    known.add(name);
  };

  for (const { name } of graph.inputs) define(name, 'an input');
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  for (const { name } of graph.initializers) {
    if (inputs.has(name)) {
      problems.push(`${where}: constant "${name}" is a graph input too, so runtimes cannot prepare it once`);
    } else define(name, 'a constant');
  }

  const nodeNames = new Set<string>();
  for (const node of graph.nodes) {
    const at = `node "${node.name}" (${node.op})`;
    if (node.name === '') problems.push(`${where}: a node ${node.op} has no name`);
    else if (nodeNames.has(node.name)) problems.push(`${where}: more than one node is named "${node.name}"`);
    nodeNames.add(node.name);
    for (const input of node.inputs) {
      if (input !== '' && !known.has(input)) {
        problems.push(`${where}: ${at} takes "${input}", which nothing makes before it`);
      }
    }
    for (const value of Object.values(node.attributes)) {
      if (value.kind === 'graph') problems.push(...checkNames(value.value, known));
    }
    for (const output of node.outputs) {
      if (output !== '') define(output, at);
    }
  }

  const outputs = new Set<string>();
  for (const { name } of graph.outputs) {
    if (!known.has(name) || (outer.has(name) && !graph.inputs.some((input) => input.name === name))) {
      problems.push(`${where}: output "${name}" is made by nothing in it`);
    }
    if (outputs.has(name)) problems.push(`${where}: output "${name}" stands there more than once`);
    outputs.add(name);
  }
  for (const { name } of graph.values) {
    if (!known.has(name)) problems.push(`${where}: a shape is given for "${name}", which nothing makes`);
  }
  return problems;
}
