import { RecurrentLayer } from './recurrentLayer.ts';

/** The long short-term memory layer with sigmoid gates, PyTorch's nn.LSTM; its gate columns are i, f, g, o. */
export class OndaLSTM extends RecurrentLayer {
  static readonly className = 'OndaLSTM';

  override get cell(): 'lstm' {
    return 'lstm';
  }
}
