import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { NetConstants, StackRun } from '../net/emitNet.ts';
import type { Net } from '../net/net.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';

/** What a closed loop starts from. */
export interface LoopStart {
  readonly net: Net;
  readonly constants: NetConstants;
  readonly lag: number;
  /** The net's pass over the prompt. */
  readonly prompt: StackRun;
  /** How many values are wanted, int64 [1]; at least 0. */
  readonly samples: Value;
  /** Size of the batch, int64 [1]. */
  readonly batch: Value;
}

/** What a closed loop gives, in the net's units. */
export interface LoopEnd {
  /** Time-major, [samples, batch, outputs]. */
  readonly y: Value;
  /** After the last value that was fed. */
  readonly states: readonly RecurrentStates[];
}

export type ClosedLoop = (builder: GraphBuilder, start: LoopStart) => LoopEnd;
