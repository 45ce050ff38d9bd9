import type { StateRow } from '@onda/contract';
import { UnsupportedError } from '../errors.ts';
import { axis } from '../graph/axis.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import type { StateKeeper } from './stateKeeper.ts';

/** Learns which states the layers of a model have, in the order in which the layers are converted. */
export class StateRecorder implements StateKeeper {
  readonly stateful = true;
  readonly rows: StateRow[] = [];

  start(layer: string, { cell, units }: RecurrentWeights): undefined {
    if (this.rows.some((row) => row.layer === layer)) {
      throw new UnsupportedError(
        `layer "${layer}": a layer that is called more than once has more than one state; export without stateful`,
      );
    }
    for (const kind of cell === 'lstm' ? (['h', 'c'] as const) : (['h'] as const)) {
      this.rows.push({ layer, kind, offset: this.size, size: units });
    }
  }

  end(): void {
    // Only what layers start from tells their states.
  }

  get size(): number {
    return this.rows.reduce((sum, { size }) => sum + size, 0);
  }
}

/** All states as one row a sequence, [batch, state]: the parts that layers start from, and those that they ended with. */
export class PackedStates implements StateKeeper {
  readonly stateful = true;
  private readonly builder: GraphBuilder;
  private readonly rows: readonly StateRow[];
  private readonly starts: readonly Value[];
  private readonly ends = new Map<string, RecurrentStates>();

  constructor(builder: GraphBuilder, rows: readonly StateRow[], row: Value) {
    this.builder = builder;
    this.rows = rows;
    this.starts = unpackRow(builder, row, rows);
  }

  start(layer: string): RecurrentStates {
    const find = (kind: 'h' | 'c'): Value | undefined =>
      this.starts.find((_, index) => this.rows[index].layer === layer && this.rows[index].kind === kind);
    return { h: find('h') as Value, c: find('c') };
  }

  end(layer: string, states: RecurrentStates): void {
    this.ends.set(layer, states);
  }

  /** The row after the last sample. */
  pack(): Value {
    return packRow(
      this.builder,
      this.rows.map(({ layer, kind }) => this.ends.get(layer)?.[kind] as Value),
    );
  }
}

/** Takes a state row [batch, state] apart into [1, batch, size] each. */
export function unpackRow(builder: GraphBuilder, row: Value, rows: readonly StateRow[]): Value[] {
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
export function packRow(builder: GraphBuilder, parts: readonly Value[]): Value {
  const [, batch] = parts[0].shape;
  const size = parts.reduce((sum, { shape }) => sum + Number(shape[2]), 0);
  const whole =
    parts.length === 1
      ? parts[0]
      : builder.single('state/concat', 'Concat', parts, { shape: [1, batch, size] }, axis(2));
  return builder.single('state/squeeze', 'Squeeze', [whole, builder.integers([0])], { shape: [batch, size] });
}
