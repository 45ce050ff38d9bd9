import type { RecurrentLayerArgs } from './recurrentLayer.ts';
import { RecurrentLayer } from './recurrentLayer.ts';

/** The long short-term memory layer with sigmoid gates, PyTorch's nn.LSTM; its gate columns are i, f, g, o. */
export class OndaLSTM extends RecurrentLayer {
  static readonly className = 'OndaLSTM';

  constructor(args: RecurrentLayerArgs) {
    super(args);
  }

  override get cell(): 'lstm' {
    return 'lstm';
  }
}
