import type { NamedAttrMap, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import { openBackend } from '../openBackend.ts';

/**
 * Opens TensorFlow with the native kernels for tests.
 *
 * @returns false, after printing one line, if they are not set up: skip the tests then
 * @throws Error in that case under CI, where no test may be skipped
 */
export async function nativeKernelsHere(): Promise<boolean> {
  const lines: string[] = [];
  const { name } = await openBackend({ want: 'auto', log: (line) => lines.push(line) });
  if (name === 'tensorflow') return true;
  const said = `The native kernels are not tested because they are not set up. ${lines.join(' ')}`.trim();
  if (process.env['CI'] === 'true') throw new Error(said);
  process.stderr.write(`${said}\n`);
  return false;
}

/** Runs a kernel directly, without the checks of the library's functions. */
export function runKernel(name: string, inputs: readonly Tensor[], attributes: object): Tensor[] {
  // The engine accepts an array as well as a map (its own Concat passes one); its types omit that.
  const list = inputs as unknown as NamedTensorMap;
  return engine().runKernel<Tensor[]>(name, list, attributes as unknown as NamedAttrMap);
}
