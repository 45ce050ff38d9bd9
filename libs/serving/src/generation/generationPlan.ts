import type { Nesting } from '@onda/protocol';
import type { ServedModel } from '../servedModel.ts';
import type { ClosedLoop } from './closedLoop.ts';
import type { Samples } from './timeAxis.ts';

/** A generate request that was found to make sense. */
export interface GenerationPlan {
  /** The version that runs it. */
  readonly model: ServedModel;
  /** Values that are known before anything runs, the first of those that are wanted; undefined: none are. */
  readonly ahead: Samples | undefined;
  /** Makes the rest. */
  readonly loop: ClosedLoop;
  readonly nesting: Nesting;
  readonly returnState: boolean;
  /** To tell the client; undefined: nothing is drawn of one. */
  readonly seed: bigint | undefined;
}
