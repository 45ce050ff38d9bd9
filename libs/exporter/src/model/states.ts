import type { PackedState, SeparateStates, StateRow } from '@onda/contract';
import { tensorNames } from '@onda/contract';
import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis } from '../graph/ops.ts';
import type { Value } from '../graph/value.ts';
import type { RecurrentStates } from '../recurrent/recurrentNode.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';

/** How states enter and leave a graph: all in one row per sequence, or one tensor each. */
export const statePackings = ['row', 'separate'] as const;
export type StatePacking = (typeof statePackings)[number];

/** The inputs and outputs of all states. */
export type StateLayout = PackedState | SeparateStates;

/** Length of the row of all states. */
function rowSize(rows: readonly StateRow[]): number {
  return rows.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Lays out the states of a graph. Separate ones are numbered with leading zeros, so that inputs and
 * outputs sort alike: Triton pairs them by sorted names (server issue 8586).
 */
export function stateLayout(rows: readonly StateRow[], packing: StatePacking): StateLayout {
  const size = rowSize(rows);
  if (packing === 'row') return { size, rows: [...rows] };
  const digits = Math.max(2, String(rows.length - 1).length);
  const { stateIn, stateOut } = tensorNames;
  const named = rows.map((row, index) => {
    const place = `${String(index).padStart(digits, '0')}_${row.kind}`;
    return { ...row, input: `${stateIn}_${place}`, output: `${stateOut}_${place}` };
  });
  return { packing, size, rows: named };
}

/** The state tensors of a graph in its order; `size` is the last dim. */
export function stateTensors(layout: StateLayout): { input: string; output: string; size: number }[] {
  if ('packing' in layout) return layout.rows.map(({ input, output, size }) => ({ input, output, size }));
  return [{ input: tensorNames.stateIn, output: tensorNames.stateOut, size: layout.size }];
}

/** Adds the state inputs, [batch, size] each. */
export function stateInputs(builder: GraphBuilder, layout: StateLayout): Value[] {
  return stateTensors(layout).map(({ input, size }) => builder.input(input, 'float32', ['batch', size]));
}

/** The states as recurrent nodes take them, [1, batch, units] each, in the order of the rows. */
export function stateParts(builder: GraphBuilder, layout: StateLayout, inputs: readonly Value[]): Value[] {
  if (!('packing' in layout)) return unpackRow(builder, inputs[0], layout.rows);
  return inputs.map((row, index) => {
    const { layer, kind } = layout.rows[index];
    return builder.single(`${layer}/${kind}/unsqueeze`, 'Unsqueeze', [row, builder.integers([0])], {
      shape: [1, ...row.shape],
    });
  });
}

/** Makes states, [1, batch, units] each in the order of the rows, outputs of the graph. */
export function outputStates(builder: GraphBuilder, layout: StateLayout, parts: readonly Value[]): void {
  if (!('packing' in layout)) {
    builder.output(tensorNames.stateOut, packRow(builder, parts));
    return;
  }
  layout.rows.forEach(({ layer, kind, output }, index) => {
    const [, ...shape] = parts[index].shape;
    const inputs = [parts[index], builder.integers([0])];
    builder.output(output, builder.single(`${layer}/${kind}/squeeze`, 'Squeeze', inputs, { shape }));
  });
}

/** Splits a state row [batch, state] into [1, batch, size] each. */
function unpackRow(builder: GraphBuilder, row: Value, rows: readonly StateRow[]): Value[] {
  const [batch, size] = row.shape;
  const whole = builder.single('state/unsqueeze', 'Unsqueeze', [row, builder.integers([0])], {
    shape: [1, batch, size],
  });
  if (rows.length === 1) return [whole];
  return builder.node({
    name: 'state/split',
    op: 'Split',
    inputs: [whole, builder.integers(rows.map((part) => part.size))],
    outputs: rows.map((part) => ({ part: `${part.layer}/${part.kind}`, shape: [1, batch, part.size] })),
    attributes: axis(2),
  });
}

/** Packs states, [1, batch, size] each, into a row [batch, state]. */
function packRow(builder: GraphBuilder, parts: readonly Value[]): Value {
  const [, batch] = parts[0].shape;
  const size = parts.reduce((sum, { shape }) => sum + Number(shape[2]), 0);
  const whole =
    parts.length === 1
      ? parts[0]
      : builder.single('state/concat', 'Concat', parts, { shape: [1, batch, size] }, axis(2));
  return builder.single('state/squeeze', 'Squeeze', [whole, builder.integers([0])], { shape: [batch, size] });
}

/** Source of the initial states and sink of the final states of recurrent layers. */
export interface StateKeeper {
  /** Whether the model's states are inputs and outputs. */
  readonly stateful: boolean;
  /** Initial states of a layer, [1, batch, units]; undefined: zeros. */
  start(layer: string, weights: RecurrentWeights): RecurrentStates | undefined;
  /** Final states of a layer. */
  end(layer: string, states: RecurrentStates): void;
}

/** Sequences start from zeros; final states are dropped. */
export const noStates: StateKeeper = {
  stateful: false,
  start: () => undefined,
  end: () => undefined,
};

/** Collects the states of a model's layers, in the order of conversion. */
export class StateRecorder implements StateKeeper {
  readonly stateful = true;
  readonly rows: StateRow[] = [];
  private readonly layers = new Set<string>();
  private size = 0;

  start(layer: string, { cell, units }: RecurrentWeights): undefined {
    if (this.layers.has(layer)) {
      throw new UnsupportedError(
        `layer "${layer}": expected one call of a layer with state, got several; export without stateful`,
      );
    }
    this.layers.add(layer);
    for (const kind of cell === 'lstm' ? (['h', 'c'] as const) : (['h'] as const)) {
      this.rows.push({ layer, kind, offset: this.size, size: units });
      this.size += units;
    }
  }

  end(): void {
    // The initial states alone define the rows.
  }
}

/** The states of each layer, from one value for each row. */
export function statesByLayer(
  rows: readonly StateRow[],
  values: readonly Value[],
): ReadonlyMap<string, RecurrentStates> {
  const states = new Map<string, RecurrentStates>();
  rows.forEach(({ layer, kind }, at) => {
    // In each layer h precedes c.
    const h = states.get(layer)?.h ?? values[at];
    states.set(layer, { h, c: kind === 'c' ? values[at] : undefined });
  });
  return states;
}

/** Initial and final states of layers; each [1, batch, units], in the order of the rows. */
export class CarriedStates implements StateKeeper {
  readonly stateful = true;
  private readonly rows: readonly StateRow[];
  private readonly starts: ReadonlyMap<string, RecurrentStates>;
  private readonly ends = new Map<string, RecurrentStates>();

  constructor(rows: readonly StateRow[], starts: readonly Value[]) {
    this.rows = rows;
    this.starts = statesByLayer(rows, starts);
  }

  start(layer: string): RecurrentStates {
    return this.starts.get(layer) as RecurrentStates;
  }

  end(layer: string, states: RecurrentStates): void {
    this.ends.set(layer, states);
  }

  /** The states after the last sample. */
  after(): Value[] {
    return this.rows.map(({ layer, kind }) => this.ends.get(layer)?.[kind] as Value);
  }
}

/** The states of all layers as inputs and outputs of the graph. */
export class StatePorts extends CarriedStates {
  private readonly builder: GraphBuilder;
  private readonly layout: StateLayout;

  constructor(builder: GraphBuilder, layout: StateLayout) {
    super(layout.rows, stateParts(builder, layout, stateInputs(builder, layout)));
    this.builder = builder;
    this.layout = layout;
  }

  /** Makes the final states outputs of the graph. */
  emitOutputs(): void {
    outputStates(this.builder, this.layout, this.after());
  }
}
