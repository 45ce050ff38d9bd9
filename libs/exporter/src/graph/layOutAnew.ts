import type { Graph, Node, ValueInfo } from '@onda/onnx';
import { attribute } from '@onda/onnx';
import type { KnownGraph } from './knownGraph.ts';
import type { Region } from './layoutRegion.ts';
import { isTakenAsItWas, twinOf } from './layoutRegion.ts';
import type { Relaid } from './layoutRules.ts';
import { reduced } from './layoutRules.ts';
import { inverse, isTranspose, permOf, undoes } from './permutation.ts';
import { namesTaken } from './pruneGraph.ts';

/** What is known of a region while it is laid out anew. */
interface Laying {
  readonly region: Region;
  /** A value's name in the order before the Transposes. */
  readonly named: (name: string) => string;
}

/** The graph with regions in the order before their Transposes, and without those that nothing takes from any more. */
export function layOutAnew(known: KnownGraph, regions: readonly Region[]): Graph {
  const { graph } = known;
  const constants = new Map(known.constants);
  const values = new NewValues(known);
  const layings = new Map<Node | undefined, Laying>();
  for (const region of regions) {
    const names = newNames(known, region, values);
    const laying = { region, named: (name: string) => names.get(name) ?? name };
    for (const node of region.inside.keys()) layings.set(node, laying);
  }
  const withConstants = (node: Node, { attributes, constants: own }: Relaid, { named }: Laying): Node => {
    for (const constant of own.values()) constants.set(constant.name, constant);
    const inputs = node.inputs.map((name, index) => own.get(index)?.name ?? named(name));
    return { ...node, attributes, inputs };
  };
  const undone = new Map<string, string>();
  const nodes = graph.nodes.map((node): Node => {
    const own = layings.get(node);
    const laid = own?.region.inside.get(node);
    if (own !== undefined && laid !== undefined)
      return { ...withConstants(node, laid, own), outputs: node.outputs.map(own.named) };
    // A Transpose or a reduction behind a region has one value; any other node takes it as it was.
    const before = layings.get(known.makers.get(node.inputs[0]));
    if (before === undefined) return node;
    const { named, region } = before;
    const inputs = [named(node.inputs[0])];
    if (undoes(node, region.perm)) {
      const [output] = node.outputs;
      if (!isBound(known, output)) undone.set(output, inputs[0]);
      return { ...node, op: 'Identity', inputs, attributes: {} };
    }
    if (isTranspose(node)) {
      const both = permOf(node).map((dim) => region.perm[dim]);
      return { ...node, inputs, attributes: { perm: attribute.ints(both) } };
    }
    const shrunk = known.relaid(node, region.perm, reduced);
    return shrunk === null ? node : withConstants(node, shrunk, before);
  });
  const renamed = [...nodes, ...values.added].map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => undone.get(name) ?? name),
  }));
  const idle = idleNodes(renamed, known.outputs);
  return {
    ...graph,
    nodes: renamed.filter((node) => !idle.has(node)),
    initializers: [...constants.values()],
    values: [...values.infos.values()],
  };
}

/** Values of the graph as it is to be, and Transposes that come for some of them. */
class NewValues {
  readonly infos: Map<string, ValueInfo>;
  readonly added: Node[] = [];
  private readonly known: KnownGraph;

  constructor(known: KnownGraph) {
    this.known = known;
    this.infos = new Map(known.graph.values.map((info) => [info.name, info]));
  }

  /** Gives a value a name of its own in another order of dims. */
  lay(name: string, as: string, perm: readonly number[]): void {
    const { shape, ...info } = this.known.infos.get(name) as ValueInfo;
    this.infos.set(as, { ...info, name: as, shape: shape && perm.map((dim) => shape[dim]) });
  }

  transpose(output: string, input: string, perm: readonly number[]): void {
    let name = `${output}/transpose`;
    while (this.known.nodes.has(name)) name = `${name}_1`;
    const attributes = { perm: attribute.ints(perm) };
    this.added.push({ name, op: 'Transpose', domain: '', inputs: [input], outputs: [output], attributes });
  }
}

/** What the values that a region takes and makes are called in the order before the Transposes. */
function newNames(known: KnownGraph, region: Region, values: NewValues): ReadonlyMap<string, string> {
  const { perm, before, inside, foreign } = region;
  const back = inverse(perm);
  const other = (name: string): string => `${name}/${back.join('')}`;
  const names = new Map<string, string>();
  for (const node of before) names.set(node.outputs[0], node.inputs[0]);
  for (const name of foreign) {
    const twin = twinOf(known, name, back) ?? other(name);
    names.set(name, twin);
    // Another region may have asked for it.
    if (values.infos.has(twin) || known.infos.has(twin)) continue;
    values.transpose(twin, name, back);
    values.lay(name, twin, back);
  }
  for (const node of inside.keys()) {
    const [name] = node.outputs;
    const kept = isTakenAsItWas(known, region, name);
    names.set(name, kept ? other(name) : name);
    if (kept) values.transpose(name, other(name), perm);
    values.lay(name, kept ? other(name) : name, back);
  }
  return names;
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
