import { MissingError } from '@onda/contract';

/** A part that only tests use; the set-up names it in the environment. */
const parts = {
  ONDA_PYTHON: 'a Python with onnx, onnxruntime and numpy',
  ONDA_TRITON_PYTHON: 'a Python with nvidia-pytriton and onnxruntime',
} as const;

/**
 * The part that a test needs, or null where it is not there and need not be.
 *
 * @throws MissingError where CI=true: there a missing part is a failure
 */
export function maybePart(name: keyof typeof parts): string | null {
  const value = process.env[name];
  if (value) return value;
  if (process.env.CI === 'true') {
    throw new MissingError(`${name}: expected ${parts[name]}, found none; run npm test, which sets it up`);
  }
  console.warn(`skipped: ${name} names no ${parts[name]}; run npm test, which sets it up`);
  return null;
}
