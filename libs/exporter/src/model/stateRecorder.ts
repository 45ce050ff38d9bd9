import type { StateRow } from '@onda/contract';
import { UnsupportedError } from '../errors.ts';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';
import type { StateKeeper } from './stateKeeper.ts';
import { rowSize } from './stateTensors.ts';

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
      this.rows.push({ layer, kind, offset: rowSize(this.rows), size: units });
    }
  }

  end(): void {
    // Only what layers start from tells their states.
  }
}
