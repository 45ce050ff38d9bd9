import type { Value } from '../graph/value.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import type { StateKeeper } from './stateKeeper.ts';
import type { StateLayout } from './stateTensors.ts';
import { putOutStates, stateInputs, stateParts } from './stateTensors.ts';

/** The states of all layers as inputs of the graph, and what they ended with as outputs. */
export class KeptStates implements StateKeeper {
  readonly stateful = true;
  private readonly builder: GraphBuilder;
  private readonly layout: StateLayout;
  private readonly starts: readonly Value[];
  private readonly ends = new Map<string, RecurrentStates>();

  constructor(builder: GraphBuilder, layout: StateLayout) {
    this.builder = builder;
    this.layout = layout;
    this.starts = stateParts(builder, layout, stateInputs(builder, layout));
  }

  start(layer: string): RecurrentStates {
    const find = (kind: 'h' | 'c'): Value | undefined =>
      this.starts.find((_, at) => this.layout.rows[at].layer === layer && this.layout.rows[at].kind === kind);
    return { h: find('h') as Value, c: find('c') };
  }

  end(layer: string, states: RecurrentStates): void {
    this.ends.set(layer, states);
  }

  /** Makes the states after the last sample outputs of the graph. */
  putOut(): void {
    const parts = this.layout.rows.map(({ layer, kind }) => this.ends.get(layer)?.[kind] as Value);
    putOutStates(this.builder, this.layout, parts);
  }
}
