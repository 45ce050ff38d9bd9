import { MissingError } from '@onda/contract';
import { openBackend } from '@onda/tfjs-native';
import type { z } from 'zod';
import type { helloAnswer } from '../../worker/openSystems.ts';

/**
 * Opens a backend and tells about it, or what is missing.
 *
 * @param kernels whether Onda's own TensorFlow kernels must be there
 */
export async function openForBench(
  want: 'tensorflow' | 'cpu',
  kernels: boolean,
): Promise<z.infer<typeof helloAnswer>> {
  const lines: string[] = [];
  try {
    const backend = await openBackend({ want, log: (line) => lines.push(line) });
    if (kernels && !backend.kernels)
      return { missing: lines.at(-1) ?? 'the native kernels are not compiled. Remedy: npm run setup.' };
    return { version: `${backend.name} ${backend.version}`, threads: want === 'cpu' ? 1 : null };
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    return { missing: error.message };
  }
}
