import { MissingError } from '@onda/contract';
import { missingCudaFiles, nativeFolder } from './cudaProvider.ts';

/** What executes a model: `auto` is CUDA where its provider library is there and works, else the CPU. */
export type ProviderChoice = 'auto' | 'cpu' | 'cuda';

export type Provider = 'cpu' | 'cuda';

/**
 * The providers to try, in order.
 *
 * @param folder where the native libraries lie; onnxruntime-node's own folder unless a test says otherwise
 * @throws MissingError if CUDA is asked for and its library is not there
 */
export function providersToTry(choice: ProviderChoice, folder: string = nativeFolder()): readonly Provider[] {
  if (choice === 'cpu') return ['cpu'];
  const missing = missingCudaFiles(folder);
  if (missing.length === 0) return choice === 'cuda' ? ['cuda'] : ['cuda', 'cpu'];
  if (choice === 'auto') return ['cpu'];
  throw new MissingError(
    `provider cuda: expected ${missing.join(' and ')} beside onnxruntime-node, found none; bring it in with: npm run setup -- --cuda (or ask for the provider cpu)`,
  );
}

/**
 * What to say when the CUDA library is there and cannot be used: no driver, a CUDA library missing, no such device.
 *
 * @param reason ONNX Runtime's own text, which names the library or the driver
 */
export function unusableCudaText(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  // ONNX Runtime puts its source file and function first; the part that helps starts at the library's name.
  const missing = /lib[\w.+-]+: cannot open shared object file/.exec(text)?.[0];
  return missing ?? text.split('\n', 1)[0].trim();
}

/** @param reason what ONNX Runtime threw */
export function unusableCudaError(reason: unknown): MissingError {
  return new MissingError(
    `provider cuda: its library is there but cannot be used (${unusableCudaText(reason)}); see what is missing with: npm run setup -- --cuda (or ask for the provider cpu)`,
    { cause: reason },
  );
}
