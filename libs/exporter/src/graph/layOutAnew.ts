import type { Graph, Node, ValueInfo } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import type { KnownGraph } from './knownGraph.ts';
import type { Region } from './layoutRegion.ts';
import { isTakenAsItWas, twinOf } from './layoutRegion.ts';
import type { Relaid } from './layoutRules.ts';
import { reduced } from './layoutRules.ts';
import { inverse, isTranspose, permOf, undoes } from './permutation.ts';
import { namesTaken } from './pruneGraph.ts';

/** The graph with a region in the order before its Transposes, and without those that nothing takes from any more. */
export function layOutAnew(known: KnownGraph, region: Region): Graph {
  const { perm, before, inside, foreign } = region;
  const back = inverse(perm);
  const { graph } = known;
  const constants = new Map(known.constants);
  const infos = new Map(graph.values.map((info) => [info.name, info]));
  const added: Node[] = [];
  const add = (output: string, input: string, order: readonly number[]): void => {
    let name = `${output}/transpose`;
    while (known.nodes.has(name)) name = `${name}_1`;
    const perms = { perm: attribute.ints(order) };
    added.push({ name, op: 'Transpose', domain: '', inputs: [input], outputs: [output], attributes: perms });
  };
  const lay = (name: string, as: string): void => {
    const { shape, ...info } = known.infos.get(name) as ValueInfo;
    infos.set(as, { ...info, name: as, shape: shape && back.map((dim) => shape[dim]) });
  };
  // What a value is called in the order before the Transposes.
  const names = new Map<string, string>();
  for (const node of before) names.set(node.outputs[0], node.inputs[0]);
  for (const name of foreign) {
    const twin = twinOf(known, name, back);
    names.set(name, twin ?? `${name}/before`);
    if (twin !== undefined) continue;
    add(`${name}/before`, name, back);
    lay(name, `${name}/before`);
  }
  for (const node of inside.keys()) {
    const [name] = node.outputs;
    const kept = isTakenAsItWas(known, region, name);
    names.set(name, kept ? `${name}/before` : name);
    if (kept) add(name, `${name}/before`, perm);
    lay(name, kept ? `${name}/before` : name);
  }
  const named = (name: string): string => names.get(name) ?? name;
  const withConstants = (node: Node, { attributes, constants: own }: Relaid): Node => {
    for (const constant of own.values()) constants.set(constant.name, constant);
    const inputs = node.inputs.map((name, index) => own.get(index)?.name ?? named(name));
    return { ...node, attributes, inputs };
  };
  const undone = new Map<string, string>();
  const nodes = graph.nodes.map((node): Node => {
    const laid = inside.get(node);
    if (laid !== undefined) return { ...withConstants(node, laid), outputs: node.outputs.map(named) };
    if (!node.inputs.some((name) => inside.has(known.makers.get(name) as Node))) return node;
    if (undoes(node, perm)) {
      const [output] = node.outputs;
      if (!isBound(known, output)) undone.set(output, named(node.inputs[0]));
      return { ...node, op: 'Identity', inputs: node.inputs.map(named), attributes: {} };
    }
    if (isTranspose(node)) {
      const both = permOf(node).map((dim) => perm[dim]);
      return { ...node, inputs: node.inputs.map(named), attributes: { perm: attribute.ints(both) } };
    }
    const shrunk = known.relaid(node, perm, reduced);
    return shrunk === null ? node : withConstants(node, shrunk);
  });
  const renamed = [...nodes, ...added].map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => undone.get(name) ?? name),
  }));
  const idle = idleNodes(renamed, known.outputs);
  return {
    ...graph,
    nodes: renamed.filter((node) => !idle.has(node)),
    initializers: [...constants.values()],
    values: [...infos.values()],
  };
}

/** Transposes, and what was one, whose value nothing takes any more. */
function idleNodes(nodes: readonly Node[], outputs: ReadonlySet<string>): ReadonlySet<Node> {
  const taken = new Set([...outputs, ...nodes.flatMap(namesTaken)]);
  return new Set(
    nodes.filter(({ op, outputs: [name] }) => (op === 'Transpose' || op === 'Identity') && !taken.has(name)),
  );
}

/** Whether a value must keep its name: an output of the graph, or one that a graph inside a node takes. */
function isBound(known: KnownGraph, name: string): boolean {
  return known.outputs.has(name) || known.takersOf(name).some(({ inputs }) => !inputs.includes(name));
}
