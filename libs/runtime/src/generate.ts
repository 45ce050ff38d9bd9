import { ModelError, tensorNames } from '@onda/contract';
import type { NetManifest } from '@onda/contract';
import { checkFeeds } from './checkFeeds.ts';
import { checkPrompt, checkSamples } from './checkGeneration.ts';
import { floatOutput } from './floatOutput.ts';
import type { FloatTensor } from './floatTensor.ts';
import { zeroState } from './sequenceModel.ts';
import type { StepResult } from './sequenceModel.ts';
import type { Session } from './session.ts';

/**
 * Closed-loop generation by generator.onnx: the prompt primes the net, the loop runs inside the graph.
 *
 * @param session  of generator.onnx
 * @param prompt   [batch, time, features], time at least the lag
 * @param state    [batch, state] before the prompt; zeros when left out
 * @param samples  how many values to generate, at least 1
 * @returns `y` [batch, samples, outputs], the first of them the first that lies after the prompt; `state` after the last
 *   value that was fed, so feeding the last `lag` values of `y` as the next prompt goes on
 * @throws ShapeError, DataError before anything runs; ModelError if the model has no generator
 */
export async function generate(
  session: Session,
  manifest: NetManifest,
  prompt: FloatTensor,
  state: FloatTensor | undefined,
  samples: number,
): Promise<StepResult> {
  const { generator } = manifest.tensors;
  if (generator === null) {
    throw new ModelError(
      `model "${manifest.name}" has no generator.onnx; only a model whose outputs are its features can generate`,
    );
  }
  checkSamples(samples);
  const feeds = {
    [tensorNames.input]: prompt,
    [tensorNames.stateIn]: state ?? zeroState(manifest, prompt.dims[0]),
    [tensorNames.samples]: { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(samples)) },
  } as const;
  checkFeeds(generator.inputs, feeds, { finite: true });
  checkPrompt(prompt, manifest.lag);
  const results = await session.run(feeds);
  return { y: floatOutput(results, tensorNames.output), state: floatOutput(results, tensorNames.stateOut) };
}
