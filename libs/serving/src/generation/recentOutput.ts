import { samplingBlocks } from '@onda/contract';
import type { ModelSignature } from '../models/modelSignature.ts';
import type { RecentOutput } from '../sequences/stateLayout.ts';
import type { Generator } from './generator.ts';

/**
 * What a model's sequences keep so that its generator can go on from them: the last outputs, which lie ahead of what was fed.
 *
 * @returns undefined where the generator cannot: it has other states than the model, or nobody says how outputs become values
 */
export function recentOutput(
  { outputs, states }: ModelSignature,
  generator: Generator | null,
): RecentOutput | undefined {
  if (generator === null || states.length === 0) return undefined;
  const { form, sampling, lag } = generator;
  if (sampling === undefined) return undefined;
  const alike =
    states.length === form.states.length &&
    states.every(({ type, size }, index) => type === 'float32' && size === form.states[index].size);
  const output = outputs.find(({ name }) => !states.some((state) => state.output === name));
  const width = output?.shape.at(-1);
  if (!alike || output?.type !== 'float32' || typeof width !== 'number') return undefined;
  const fits = form.features === undefined || width === samplingBlocks(sampling) * form.features;
  return fits ? { output: output.name, lag, width } : undefined;
}
