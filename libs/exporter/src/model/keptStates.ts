import type { StateRow } from '@onda/contract';
import type { Value } from '../graph/value.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import type { StateKeeper } from './stateKeeper.ts';
import type { StateLayout } from './stateTensors.ts';
import { putOutStates, stateInputs, stateParts } from './stateTensors.ts';

/** States that layers start from, and what they ended with; each [1, batch, units], in the order of the rows. */
export class HeldStates implements StateKeeper {
  readonly stateful = true;
  private readonly rows: readonly StateRow[];
  private readonly starts: readonly Value[];
  private readonly ends = new Map<string, RecurrentStates>();

  constructor(rows: readonly StateRow[], starts: readonly Value[]) {
    this.rows = rows;
    this.starts = starts;
  }

  start(layer: string): RecurrentStates {
    const find = (kind: 'h' | 'c'): Value | undefined =>
      this.starts.find((_, at) => this.rows[at].layer === layer && this.rows[at].kind === kind);
    return { h: find('h') as Value, c: find('c') };
  }

  end(layer: string, states: RecurrentStates): void {
    this.ends.set(layer, states);
  }

  /** After the last sample. */
  after(): Value[] {
    return this.rows.map(({ layer, kind }) => this.ends.get(layer)?.[kind] as Value);
  }
}

/** The states of all layers as inputs of the graph, and what they ended with as outputs. */
export class KeptStates extends HeldStates {
  private readonly builder: GraphBuilder;
  private readonly layout: StateLayout;

  constructor(builder: GraphBuilder, layout: StateLayout) {
    super(layout.rows, stateParts(builder, layout, stateInputs(builder, layout)));
    this.builder = builder;
    this.layout = layout;
  }

  /** Makes the states after the last sample outputs of the graph. */
  putOut(): void {
    putOutStates(this.builder, this.layout, this.after());
  }
}
