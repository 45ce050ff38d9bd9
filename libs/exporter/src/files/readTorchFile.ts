import type { SavedModel } from '../artifacts/savedModel.ts';
import type { Nonlinearity } from './torchModel.ts';

/**
 * Reads a PyTorch state dict of nn.RNN, nn.LSTM or nn.GRU, stacked and bidirectional, with nn.Linear around them, from a safetensors file. The
 * reader is loaded on first use.
 *
 * @param file         name of the file for errors
 * @param nonlinearity of nn.RNN, which a state dict does not hold
 * @throws ModelError for a damaged file, UnsupportedError for other modules or an order that is not clear
 */
export async function readTorchFile(
  bytes: Uint8Array,
  file: string,
  nonlinearity: Nonlinearity = 'tanh',
): Promise<SavedModel> {
  const { readTorchModel } = await import('./torchModel.ts');
  return readTorchModel(bytes, file, nonlinearity);
}
