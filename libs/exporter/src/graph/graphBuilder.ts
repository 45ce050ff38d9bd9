import type { Attribute, ElementType, Graph, Node, Tensor, ValueInfo } from '@onda/onnx';
import { attribute, int64Tensor } from '@onda/onnx';
import { blockPadFusion, pruneGraph } from './passes.ts';
import type { Dim, Value } from './value.ts';

/** An output of a node. */
export interface OutputSpec {
  /** Suffix of the value's name after the node's name; omitted for a single output. */
  readonly part?: string;
  readonly shape: readonly Dim[];
  /** float32 by default. */
  readonly type?: ElementType;
  readonly timeMajor?: boolean;
  /** The output is dropped when nothing uses it. */
  readonly optional?: boolean;
}

interface NodeSpec {
  readonly name: string;
  readonly op: string;
  /** Values, names of constants, or '' for an omitted optional input. */
  readonly inputs: readonly (Value | string)[];
  readonly outputs: readonly OutputSpec[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** Adds constants; returns their names. */
export interface ConstantHolder {
  constant(tensor: Tensor): string;
}

/** Builds a graph node by node. Makes names unique, records the shapes of all values, and prunes unused nodes and constants. */
export class GraphBuilder implements ConstantHolder {
  private readonly name: string;
  private readonly outer: GraphBuilder | null;
  private readonly used: UniqueNames;
  private readonly usedNodes: UniqueNames;
  private readonly inputs: Value[] = [];
  private readonly outputs: [name: string, value: Value][] = [];
  private readonly nodes: Node[] = [];
  private readonly values: Value[] = [];
  private readonly optional = new Set<string>();
  private readonly constants = new Map<string, Tensor>();
  private readonly sharedNames = new Map<string, string>();
  private holdsConstants: boolean;
  private readonly transposes = new Map<string, { source: Value; perm: readonly number[] }>();
  private readonly made = new Map<string, unknown>();

  /**
   * @param outputs names of the graph's outputs, which no other value may take
   * @param outer   the surrounding graph of a subgraph: it holds the constants, and its names are not reused
   */
  constructor(name: string, outputs: readonly string[], outer: GraphBuilder | null = null) {
    this.name = name;
    this.outer = outer;
    this.holdsConstants = outer === null;
    this.used = outer === null ? new UniqueNames() : outer.used;
    this.usedNodes = outer === null ? new UniqueNames() : outer.usedNodes;
    for (const output of outputs) this.used.take(output);
  }

  input(name: string, type: ElementType, shape: readonly Dim[]): Value {
    const value = { name: this.used.take(name), type, shape, timeMajor: false };
    this.inputs.push(value);
    return value;
  }

  /** Makes a value an output of the graph under that name. */
  output(name: string, value: Value): void {
    this.outputs.push([name, value]);
  }

  /**
   * From now on this subgraph holds its own constants, duplicates of outer ones included. For weights used in a loop: ONNX Runtime
   * does not prepack initializers of graphs two levels out.
   */
  holdConstants(): void {
    this.holdsConstants = true;
  }

  /** Adds a constant; returns its name. */
  constant(tensor: Tensor): string {
    if (this.holdsConstants || this.outer === null) return this.ownConstant(tensor);
    return this.outer.constant(tensor);
  }

  /** Adds a constant to this graph, even if it is a subgraph; returns its name. */
  ownConstant(tensor: Tensor): string {
    const name = this.used.take(tensor.name);
    this.constants.set(name, { ...tensor, name });
    return name;
  }

  /** Returns the name of the constant for a key; `make` runs once per key. */
  shared(key: string, make: () => Tensor): string {
    if (!this.holdsConstants && this.outer !== null) return this.outer.shared(key, make);
    const known = this.sharedNames.get(key);
    if (known !== undefined) return known;
    const name = this.constant(make());
    this.sharedNames.set(key, name);
    return name;
  }

  /** Returns the value for a key, such as nodes that several layers use; `make` runs once per key. */
  once<T>(key: string, make: () => T): T {
    if (!this.made.has(key)) this.made.set(key, make());
    return this.made.get(key) as T;
  }

  /** A constant int64 list (axes, sizes), shared by its values. Returns its name. */
  integers(values: readonly number[]): string {
    const name = `int64:${values.join('_')}`;
    return this.shared(name, () => int64Tensor(name, [values.length], values));
  }

  /** A constant int64 scalar, shared by its value. Returns its name. */
  integer(value: number): string {
    const name = `int64.${value}`;
    return this.shared(name, () => int64Tensor(name, [], [value]));
  }

  /** Adds a node; returns its outputs. */
  node({ name, op, inputs, outputs, attributes = {} }: NodeSpec): Value[] {
    const nodeName = this.usedNodes.take(name);
    const values = outputs.map((spec) => ({
      name: this.used.take(spec.part === undefined ? nodeName : `${nodeName}:${spec.part}`),
      type: spec.type ?? ('float32' as const),
      shape: spec.shape,
      timeMajor: spec.timeMajor ?? false,
    }));
    values.forEach((value, index) => {
      if (outputs[index].optional === true) this.optional.add(value.name);
    });
    const inputNames = inputs.map((input) => (typeof input === 'string' ? input : input.name));
    this.nodes.push({
      name: nodeName,
      op,
      domain: '',
      // Trailing optional inputs are left out.
      inputs: inputNames.slice(0, inputNames.findLastIndex((input) => input !== '') + 1),
      outputs: values.map((value) => value.name),
      attributes,
    });
    this.values.push(...values);
    return values;
  }

  /** Adds a node with one output; returns it. */
  single(
    name: string,
    op: string,
    inputs: NodeSpec['inputs'],
    { shape, type, timeMajor }: Omit<OutputSpec, 'part' | 'optional'>,
    attributes: NodeSpec['attributes'] = {},
  ): Value {
    const output = { shape, ...(type && { type }), ...(timeMajor && { timeMajor }) };
    return this.node({ name, op, inputs, outputs: [output], attributes })[0];
  }

  /** The value in the given layout, transposed if needed. */
  inLayout(value: Value, timeMajor: boolean): Value {
    if (value.timeMajor === timeMajor) return value;
    const perm = [1, 0, ...value.shape.slice(2).map((_, axis) => axis + 2)];
    const name = `${value.name}/${timeMajor ? 'time_major' : 'batch_major'}`;
    return this.transposed(value, perm, name, timeMajor);
  }

  /** The transposed value; equal permutations share one node. Composes with an earlier Transpose, so that no Transpose follows another. */
  transposed(value: Value, perm: readonly number[], name: string, timeMajor = false): Value {
    const origin = this.transposes.get(value.name);
    const source = origin?.source ?? value;
    const order = origin === undefined ? perm : perm.map((axis) => origin.perm[axis]);
    if (order.every((axis, place) => axis === place)) return source;
    return this.once(`transposed:${source.name}:${order.join()}`, () => {
      const shape = order.map((axis) => source.shape[axis]);
      const like = { shape, type: source.type, timeMajor };
      const twin = this.single(name, 'Transpose', [source], like, { perm: attribute.ints(order) });
      this.transposes.set(twin.name, { source, perm: order });
      return twin;
    });
  }

  /** The graph. An output value takes the output's name; an input, a constant or a repeated output is copied by an Identity. */
  build(): Graph {
    const renamed = new Map<string, string>();
    const values = new Set(this.values);
    for (const [name, value] of this.outputs) {
      const free = values.has(value) && !renamed.has(value.name);
      const source = free ? value : this.single(`${name}/copy`, 'Identity', [value], value);
      renamed.set(source.name, name);
    }
    const rename = (name: string): string => renamed.get(name) ?? name;
    const graph = {
      name: this.name,
      inputs: this.inputs.map(valueInfo),
      outputs: this.outputs.map(([name, value]) => ({ ...valueInfo(value), name })),
      nodes: this.nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      })),
      initializers: [...this.constants.values()],
      values: this.values.filter(({ name }) => !renamed.has(name)).map(valueInfo),
    };
    return blockPadFusion(pruneGraph(graph, this.optional));
  }
}

/** Names in use. */
class UniqueNames {
  private readonly used = new Set<string>();
  /** The next number to try for a name that is in use, so that many nodes of one name take linear time. */
  private readonly next = new Map<string, number>();

  /** The name, with a number appended if it is in use; reserves it. */
  take(name: string): string {
    let free = name;
    let copy = this.next.get(name) ?? 1;
    for (; this.used.has(free); copy++) free = `${name}_${copy}`;
    if (free !== name) this.next.set(name, copy);
    this.used.add(free);
    return free;
  }
}

function valueInfo({ name, type, shape }: Value): ValueInfo {
  return { name, type, shape };
}
