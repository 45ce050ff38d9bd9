import type { Rank, Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import { add, concat, matMul, pad, reshape, slice, zeros } from '@tensorflow/tfjs-core';
import type { LayerRun } from './layerStack.ts';
import { forwardLayers, packState } from './layerStack.ts';
import type { NetSpec } from './netSpec.ts';
import { readout } from './readoutLoss.ts';
import { recurrentAttributes, recurrentGrad } from './recurrent.ts';

/** How many samples at the end of a window are the net's own predictions, as in the closed loop. */
export interface Feedback {
  readonly samples: number;
  /** Samples that a prediction is ahead. */
  readonly lag: number;
}

/** A window whose last samples are predictions, and the gradient through them. */
export interface FedWindow {
  /** [batch, time, features] */
  readonly x: Tensor3D;
  /**
   * Adds the gradient through the predictions that were fed back.
   *
   * @param dHidden gradient of the loss with respect to h, [batch, time, units], with the predictions as given inputs
   * @returns the whole gradient of h, and the gradient of the read-out's columns through the feedback, [batch, time, columns]
   */
  backward(dHidden: Tensor3D): { dHidden: Tensor3D; dReadout: Tensor3D };
}

/**
 * Replaces the last samples of x by the predictions of the net, one sample at a time. The gradient flows through the feedback, so the
 * weights learn to stay on course over many samples (back-propagation through time of the closed loop).
 *
 * @param variables the net's weights, in the order of `weightSpecs`
 * @param x         [batch, time, features]
 * @param state     [batch, state]
 */
export function feedBack(
  spec: NetSpec,
  variables: readonly Variable[],
  x: Tensor3D,
  state: Tensor2D,
  { samples, lag }: Feedback,
): FedWindow {
  const [batch, time] = x.shape;
  const { outputs, units } = spec;
  const first = time - samples;
  const [kernel, bias] = variables.slice(-2) as Tensor[] as [Tensor2D, Tensor1D];
  const mode = { training: true, draw: 0 } as const;
  const predict = (hidden: Tensor3D): Tensor3D =>
    slice(readout(hidden, kernel, bias), [0, 0, 0], [-1, -1, outputs]);

  const given = slice(x, [0, 0, 0], [-1, first, -1]);
  const prompt = forwardLayers(spec, variables, given, state, mode);
  const fed: Tensor3D[] = [];
  const last = predict(slice(hiddenOf(prompt), [0, first - lag, 0], [-1, lag, -1]));
  for (let sample = 0; sample < Math.min(lag, samples); sample++) {
    fed.push(slice(last, [0, sample, 0], [-1, 1, -1]));
  }
  const steps: LayerRun[][] = [];
  let row = packState(prompt);
  for (let sample = 0; sample < samples; sample++) {
    const runs = forwardLayers(spec, variables, fed[sample], row, mode);
    steps.push(runs);
    row = packState(runs);
    if (sample + lag < samples) fed.push(predict(hiddenOf(runs)));
  }

  const backward: FedWindow['backward'] = (dHidden) => {
    const pointKernel = slice(kernel, [0, 0], [-1, outputs]);
    const direct = (at: number): Tensor2D => reshape(slice(dHidden, [0, at, 0], [-1, 1, -1]), [batch, units]);
    // Of the prediction at each sample, through the input `lag` samples later.
    const dPredictions: (Tensor2D | undefined)[] = [];
    const whole: Tensor2D[] = [];
    let dState = zeroState(spec, batch);
    for (let sample = samples - 1; sample >= -lag; sample--) {
      const dPrediction = dPredictions[sample + lag];
      const own = direct(first + sample);
      const dy =
        dPrediction === undefined ? own : add<Tensor2D>(own, matMul(dPrediction, pointKernel, false, true));
      whole.unshift(dy);
      if (sample < 0) continue;
      const result = backwardSample(spec, steps[sample], dy, dState);
      dState = result.dState;
      dPredictions[sample] = reshape(result.dx, [batch, outputs]);
    }
    const before = first - lag;
    const parts = whole.map((dy) => reshape<Rank.R3>(dy, [batch, 1, units]));
    const columns = kernel.shape[1];
    const dReadout = Array.from({ length: samples }, (_, sample) =>
      pad(reshape(dPredictions[sample] as Tensor2D, [batch, 1, outputs]), [
        [0, 0],
        [0, 0],
        [0, columns - outputs],
      ]),
    );
    return {
      dHidden: concat(before > 0 ? [slice(dHidden, [0, 0, 0], [-1, before, -1]), ...parts] : parts, 1),
      // The prediction at a sample is the input `lag` samples later.
      dReadout: pad(concat(dReadout as Tensor3D[], 1), [
        [0, 0],
        [first - lag, lag],
        [0, 0],
      ]),
    };
  };
  return { x: concat([given, ...fed], 1), backward };
}

const hiddenOf = (runs: readonly LayerRun[]): Tensor3D => runs[runs.length - 1].outputs.y;

/** Gradients of a layer's state. */
interface LayerState {
  dh: Tensor2D;
  dc: Tensor2D | undefined;
}

function zeroState({ cell, layers, units }: NetSpec, batch: number): LayerState[] {
  const zero: Tensor2D = zeros([batch, units]);
  return Array.from({ length: layers }, () => ({ dh: zero, dc: cell === 'lstm' ? zero : undefined }));
}

/** The gradients of the input and the states before one sample, from those of h and the states after it. */
function backwardSample(
  { cell }: NetSpec,
  runs: readonly LayerRun[],
  dHidden: Tensor2D,
  dState: readonly LayerState[],
): { dx: Tensor; dState: LayerState[] } {
  const attributes = recurrentAttributes({ cell, training: true, inputGradient: true });
  const [batch, units] = dHidden.shape;
  let dy: Tensor3D = reshape(dHidden, [batch, 1, units]);
  const before: LayerState[] = [];
  for (let layer = runs.length - 1; layer >= 0; layer--) {
    const { inputs, outputs } = runs[layer];
    const { y, reserve } = outputs;
    const result = recurrentGrad({ ...inputs, y, reserve, dy, ...dState[layer] }, attributes);
    before.unshift({ dh: result.dh0, dc: result.dc0 });
    dy = result.dx as Tensor3D;
  }
  return { dx: dy, dState: before };
}
