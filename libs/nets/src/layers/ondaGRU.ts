import type { serialization } from '@tensorflow/tfjs-core';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import { booleanOption } from './layerOptions.ts';
import type { RecurrentLayerArgs } from './recurrentLayer.ts';
import { RecurrentLayer } from './recurrentLayer.ts';

export interface OndaGRUArgs extends RecurrentLayerArgs {
  /** Whether the reset gate applies after n's recurrent product (the default: PyTorch, cuDNN) or before it (TensorFlow.js's GRU). */
  resetAfter?: boolean;
}

/** The gated recurrent unit with sigmoid gates, PyTorch's nn.GRU; its gate columns are r, z, n. */
export class OndaGRU extends RecurrentLayer {
  static readonly className = 'OndaGRU';
  readonly resetAfter: boolean;

  constructor(args: OndaGRUArgs) {
    super(args, ['resetAfter']);
    this.resetAfter = booleanOption(this.name, 'resetAfter', args.resetAfter, true);
  }

  override get cell(): 'gru' {
    return 'gru';
  }

  protected override cellAttributes(): Partial<RecurrentAttributes> {
    return { resetAfter: this.resetAfter };
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), resetAfter: this.resetAfter };
  }
}
