import { MissingError } from '@onda/contract';
import { cudaProblem, missingCudaFiles, nativeFolder } from './cudaProvider.ts';

/** What executes a model: `auto` is CUDA where its provider library is there and works, else the CPU. */
export type ProviderChoice = 'auto' | 'cpu' | 'cuda';

export type Provider = 'cpu' | 'cuda';

/** Where CUDA's provider is looked for, and how it is tried; a test puts others in their place. */
export interface CudaPlace {
  folder: string;
  problem: (folder: string) => string | undefined;
}

const ownPlace = (): CudaPlace => ({ folder: nativeFolder(), problem: cudaProblem });

/**
 * The providers to try, in order.
 *
 * @param onWarning gets one sentence when `auto` finds CUDA's library and cannot use it
 * @throws MissingError if CUDA is asked for and its library, or one that it needs, is not there
 */
export function providersToTry(
  choice: ProviderChoice,
  onWarning?: (text: string) => void,
  place: CudaPlace = ownPlace(),
): readonly Provider[] {
  if (choice === 'cpu') return ['cpu'];
  const missing = missingCudaFiles(place.folder);
  if (missing.length > 0) {
    if (choice === 'auto') return ['cpu'];
    throw new MissingError(
      `provider cuda: expected ${missing.join(' and ')} beside onnxruntime-node, found none; bring it in with: npm run setup -- --cuda (or ask for the provider cpu)`,
    );
  }
  const problem = place.problem(place.folder);
  if (problem === undefined) return choice === 'cuda' ? ['cuda'] : ['cuda', 'cpu'];
  if (choice === 'cuda') throw unusableCudaError(problem);
  onWarning?.(unusableCudaWarning(problem));
  return ['cpu'];
}

/** For `auto`: what is said once when the CPU takes CUDA's place. */
export function unusableCudaWarning(problem: string): string {
  return `the CUDA provider is there but cannot be used (${problem}); running on the CPU`;
}

/** For `cuda`: the library is there, and the loader, the driver or the device refuses. */
export function unusableCudaError(problem: string, cause?: unknown): MissingError {
  return new MissingError(
    `provider cuda: its library is there but cannot be used (${problem}); see what is missing with: npm run setup -- --cuda (or ask for the provider cpu)`,
    { cause },
  );
}
