import { ModelError } from '@onda/contract';
import { checkPrompt, checkSamples } from './checkGeneration.ts';
import { floatTensor } from './floatTensor.ts';
import type { FloatTensor } from './floatTensor.ts';
import type { SequenceModel, StepResult } from './sequenceModel.ts';

/**
 * Closed-loop generation by a loop over model.onnx, a run a sample: slow, and what generator.onnx is held against.
 *
 * @param prompt  [batch, time, features], time at least the lag
 * @param state   [batch, state] before the prompt; zeros when left out
 * @param samples how many values to generate, at least 1
 * @returns as `generate`: `y` [batch, samples, outputs] and the state after the last value that was fed
 * @throws ShapeError, DataError before anything runs; ModelError if outputs and features differ in number
 */
export async function generateClosedLoop(
  model: SequenceModel,
  prompt: FloatTensor,
  state: FloatTensor | undefined,
  samples: number,
): Promise<StepResult> {
  const { net, lag, name } = model.manifest;
  if (net.outputs !== net.features) {
    throw new ModelError(
      `model "${name}": expected as many outputs as features to feed predictions back, got ${net.outputs} and ${net.features}; use a model that predicts its own inputs`,
    );
  }
  checkSamples(samples);
  // A prompt of another rank is left to the step's own check, which says what is expected.
  if (prompt.dims.length === 3) checkPrompt(prompt, lag);
  const primed = await model.step(prompt, state);
  const [batch, time] = prompt.dims;
  const width = net.outputs;
  const values = new Float32Array(batch * samples * width);

  // With lag L the prompt's last L outputs are the first L values after it.
  const first = Math.min(lag, samples);
  copySamples(primed.y, time - lag, values, 0, first, samples);
  let current = primed.state;
  for (let sample = lag; sample < samples; sample++) {
    const fed = new Float32Array(batch * width);
    copySamples(floatTensor([batch, samples, width], values), sample - lag, fed, 0, 1, 1);
    const next = await model.step(floatTensor([batch, 1, width], fed), current);
    copySamples(next.y, 0, values, sample, 1, samples);
    current = next.state;
  }
  return { y: floatTensor([batch, samples, width], values), state: current };
}

/** Copies `count` samples of every row of `source` [batch, time, width] into `target`, which has `targetTime` samples a row. */
function copySamples(
  source: FloatTensor,
  from: number,
  target: Float32Array,
  to: number,
  count: number,
  targetTime: number,
): void {
  const [batch, time, width] = source.dims;
  for (let row = 0; row < batch; row++) {
    const start = (row * time + from) * width;
    target.set(source.data.subarray(start, start + count * width), (row * targetTime + to) * width);
  }
}
