import type { Graph, Node, Tensor, ValueInfo } from '@onda/onnx';
import type { Relaid } from './layoutRules.ts';
import { relaid } from './layoutRules.ts';
import { namesTaken } from './pruneGraph.ts';

/** A graph, and who makes and takes what in it. */
export class KnownGraph {
  readonly graph: Graph;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly makers: ReadonlyMap<string, Node>;
  readonly takers = new Map<string, Node[]>();
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly infos: ReadonlyMap<string, ValueInfo>;
  readonly outputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.nodes = new Map(graph.nodes.map((node) => [node.name, node]));
    this.makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
    this.constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    this.infos = new Map(
      [...graph.inputs, ...graph.values, ...graph.outputs].map((info) => [info.name, info]),
    );
    this.outputs = new Set(graph.outputs.map(({ name }) => name));
    for (const node of graph.nodes) {
      for (const name of new Set(namesTaken(node))) {
        const known = this.takers.get(name);
        if (known === undefined) this.takers.set(name, [node]);
        else known.push(node);
      }
    }
  }

  takersOf(name: string): readonly Node[] {
    return this.takers.get(name) ?? [];
  }

  rankOf(name: string): number | undefined {
    return this.infos.get(name)?.shape?.length;
  }

  /** The node on values before a Transpose; null where it, or a value that it takes, cannot be so. */
  relaid(node: Node, perm: readonly number[], rule = relaid): Relaid | null {
    const rank = perm.length;
    const values = node.inputs.filter((name) => name !== '' && !this.constants.has(name));
    if (values.length === 0 || !values.every((name) => this.rankOf(name) === rank)) return null;
    return rule({ node, rank, constantAt: (index) => this.constants.get(node.inputs[index]) }, perm);
  }
}
