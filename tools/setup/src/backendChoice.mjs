// @ts-check
import { SetupError } from './setupError.mjs';

/**
 * What ONDA_BACKEND asks for. libs/tfjs-native reads it alike.
 * @param {NodeJS.ProcessEnv} env
 * @returns {'tensorflow' | 'cpu' | 'auto'}
 * @throws {SetupError} for any other value
 */
export function backendChoice(env) {
  const value = env.ONDA_BACKEND;
  if (value === undefined || value === '' || value === 'auto') return 'auto';
  if (value === 'tensorflow' || value === 'cpu') return value;
  throw new SetupError(
    `ONDA_BACKEND: expected tensorflow, cpu or auto, got ${JSON.stringify(value)}; leave it out to take TensorFlow where it can be had.`,
  );
}
