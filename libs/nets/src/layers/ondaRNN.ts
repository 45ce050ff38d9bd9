import type { serialization } from '@tensorflow/tfjs-core';
import { ConfigError } from '@onda/contract';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import type { RecurrentLayerArgs } from './recurrentLayer.ts';
import { RecurrentLayer } from './recurrentLayer.ts';

export interface OndaRNNArgs extends RecurrentLayerArgs {
  /** Of every unit; tanh when left out. */
  activation?: 'tanh' | 'relu';
}

/** The plain recurrent layer: h_t = act(x_t W + b + h_(t-1) R + rb), PyTorch's nn.RNN. */
export class OndaRNN extends RecurrentLayer {
  static readonly className = 'OndaRNN';
  readonly activation: 'tanh' | 'relu';

  constructor(args: OndaRNNArgs) {
    super(args, ['activation']);
    // A saved model or a JavaScript caller may hold any text.
    const activation: string = args.activation ?? 'tanh';
    if (activation !== 'tanh' && activation !== 'relu') {
      throw new ConfigError(
        `layer "${this.name}": activation: expected "tanh" or "relu", got "${activation}"; take one of the two`,
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
