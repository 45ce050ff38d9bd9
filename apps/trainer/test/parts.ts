import { MissingError } from '@onda/contract';

/** Optional test dependencies; the set-up names them in environment variables. */
const parts = {
  ONDA_PYTHON: 'a Python with onnx, onnxruntime and numpy',
  ONDA_TRITON_PYTHON: 'a Python with nvidia-pytriton and onnxruntime',
} as const;

/**
 * The path of an optional test dependency, or null if it is missing.
 *
 * @throws MissingError if it is missing and CI=true
 */
export function maybePart(name: keyof typeof parts): string | null {
  const value = process.env[name];
  if (value) return value;
  if (process.env.CI === 'true') {
    throw new MissingError(`${name}: expected ${parts[name]}, found none; run npm test, which installs it`);
  }
  console.warn(`skipped: ${name} is not set to ${parts[name]}; run npm test, which installs it`);
  return null;
}
