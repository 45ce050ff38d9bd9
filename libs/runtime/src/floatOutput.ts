import { ModelError } from '@onda/contract';
import type { FloatTensor } from './floatTensor.ts';
import type { RuntimeTensor } from './session.ts';

/** @throws ModelError if the run did not give that output as float32 */
export function floatOutput(results: Readonly<Record<string, RuntimeTensor>>, name: string): FloatTensor {
  const tensor = Object.hasOwn(results, name) ? results[name] : undefined;
  if (tensor?.type !== 'float32') {
    throw new ModelError(
      `output "${name}": expected float32, got ${tensor?.type ?? 'nothing'}; export the model again`,
    );
  }
  return tensor;
}
