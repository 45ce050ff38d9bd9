import { DataError, ModelError, ShapeError } from '@onda/contract';
import type { SequenceModel, StepResult } from './sequenceModel.ts';
import type { FloatTensor } from './tensors.ts';
import { floatTensor } from './tensors.ts';

/**
 * Closed-loop generation by a loop over model.onnx, one run per sample: slow, the reference for generator.onnx.
 *
 * @param prompt  [batch, time, features], time at least the lag
 * @param state   state before the prompt, [batch, state]; default zeros
 * @param samples number of values to generate, at least 1
 * @returns as `generate`: `y` [batch, samples, outputs] and the state after the last input
 * @throws ShapeError, DataError for invalid arguments; ModelError if the numbers of outputs and features differ
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
  // A prompt of another rank is rejected by the step.
  if (prompt.dims.length === 3) checkPrompt(prompt, lag);
  const primed = await model.step(prompt, state);
  const [batch, time] = prompt.dims;
  const width = net.outputs;
  const values = new Float32Array(batch * samples * width);

  // With lag L the last L outputs of the prompt are the first L values after it.
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

/** Copies `count` samples of every row of `source` [batch, time, width] to `target`, which has `targetTime` samples per row. */
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

/** @throws DataError unless `samples` is a whole number of at least 1 */
export function checkSamples(samples: number): void {
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new DataError(`samples: expected a whole number of at least 1, got ${samples}; request at least 1`);
  }
}

/**
 * With lag L the output at sample t predicts sample t + L, so the first value after the prompt needs L samples of prompt.
 *
 * @param prompt [batch, time, features]
 * @throws ShapeError if the prompt is shorter than the lag
 */
export function checkPrompt(prompt: FloatTensor, lag: number): void {
  const time = prompt.dims[1];
  if (time < lag) {
    throw new ShapeError(
      `prompt: expected at least ${lag} samples (the lag of the model), got ${time}; pass a longer prompt`,
    );
  }
}
