import { tensorNames } from '@onda/contract';
import type { NetManifest } from '@onda/contract';
import { checkPrompt } from './checkGeneration.ts';
import { floatOutput } from './floatOutput.ts';
import type { FloatTensor } from './floatTensor.ts';
import { runGenerator } from './runGenerator.ts';
import type { Draws } from './runGenerator.ts';
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
 * @param draws    a seed or noise, of a model that draws its values
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
  draws?: Draws,
): Promise<StepResult> {
  if (manifest.tensors.generator !== null) checkPrompt(prompt, manifest.lag);
  const call = { prompt, state, samples, draws };
  const { y, state: after } = await runGenerator(session, manifest, call);
  return {
    y: floatOutput({ [tensorNames.output]: y }, tensorNames.output),
    state: after ?? zeroState(manifest, prompt.dims[0]),
  };
}
