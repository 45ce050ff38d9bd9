import type { NamedAttrMap, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';

/** Runs a kernel as it stands, without the checks that our own functions make before. */
export function runKernel(name: string, inputs: readonly Tensor[], attributes: object): Tensor[] {
  // The engine takes a list as well as a map (its own Concat passes one), which its types leave out.
  const list = inputs as unknown as NamedTensorMap;
  return engine().runKernel<Tensor[]>(name, list, attributes as unknown as NamedAttrMap);
}
