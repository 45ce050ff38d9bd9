import type { serialization } from '@tensorflow/tfjs-core';
import type { CellKind } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import type { RecurrentAttributes } from '@onda/kernels';
import { booleanOption } from './layerArguments.ts';
import type { RecurrentLayerArgs } from './recurrentLayer.ts';
import { RecurrentLayer } from './recurrentLayer.ts';

export interface OndaRNNArgs extends RecurrentLayerArgs {
  /** Activation of the units; default tanh. */
  activation?: 'tanh' | 'relu';
}

/** The plain recurrent layer: h_t = act(x_t W + b + h_(t-1) R + rb), PyTorch's nn.RNN. */
export class OndaRNN extends RecurrentLayer {
  static readonly className = 'OndaRNN';
  readonly activation: 'tanh' | 'relu';

  constructor(args: OndaRNNArgs) {
    super(args, ['activation']);
    // Saved models and JavaScript callers are not type-checked.
    const activation: string = args.activation ?? 'tanh';
    if (activation !== 'tanh' && activation !== 'relu') {
      throw new ConfigError(
        `layer "${this.name}": activation: expected "tanh" or "relu", got "${activation}"; use one of the two`,
      );
    }
    this.activation = activation;
  }

  override get cell(): 'rnn' {
    return 'rnn';
  }

  protected override cellAttributes(): Partial<RecurrentAttributes> {
    return { activation: this.activation };
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), activation: this.activation };
  }
}

/** The long short-term memory layer with sigmoid gates, PyTorch's nn.LSTM; its gate columns are i, f, g, o. */
export class OndaLSTM extends RecurrentLayer {
  static readonly className = 'OndaLSTM';

  override get cell(): 'lstm' {
    return 'lstm';
  }
}

export interface OndaGRUArgs extends RecurrentLayerArgs {
  /** Whether the reset gate is applied after the recurrent product (default: PyTorch, cuDNN) or before it (TensorFlow.js's GRU). */
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

/** The layer class of each cell. */
export const recurrentLayers = {
  rnn: OndaRNN,
  lstm: OndaLSTM,
  gru: OndaGRU,
} satisfies Record<CellKind, unknown>;
