import type { GradConfig, NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { getGradient, registerGradient } from '@tensorflow/tfjs-core';
import type { RecurrentAttributes } from './recurrentOp.ts';
import { recurrentKernelNames } from './recurrentOp.ts';
import { runKernel } from './runKernel.ts';

/** Registers the one gradient definition of the recurrent op, for every backend. Calling it again does nothing. */
export function registerRecurrentGradient(): void {
  const registered = getGradient(recurrentKernelNames.forward) as GradConfig | undefined;
  if (registered !== undefined) return;
  registerGradient({
    kernelName: recurrentKernelNames.forward,
    // All of them, which the engine can only do when they come as an array: an lstm has one input more than the others.
    saveAllInputs: true,
    // y; then the reserve, or c and the reserve.
    outputsToSave: [true, false, true, true],
    gradFunc: gradients,
  });
}

function gradients(
  dys: Tensor | Tensor[],
  saved: Tensor[],
  attrs: NamedAttrMap,
): Record<string, () => Tensor> {
  const attributes = attrs as unknown as RecurrentAttributes;
  const inputCount = attributes.cell === 'lstm' ? 7 : 6;
  const inputs = saved.slice(0, inputCount);
  const y = saved[inputCount];
  const reserve = attributes.training ? saved[saved.length - 1] : reserveOf(inputs, attributes);
  // dy, dh and (lstm) dc; the last is the reserve's, which nobody differentiates.
  const dOutputs = (dys as Tensor[]).slice(0, -1);
  const results = runKernel(recurrentKernelNames.backward, [...inputs, y, reserve, ...dOutputs], attributes);
  const named = results.map((result, index): [number, () => Tensor] => [index, () => result]);
  return Object.fromEntries(attributes.inputGradient ? named : named.slice(1));
}

/** A forward call that was not told of training kept nothing: it is repeated. */
function reserveOf(inputs: readonly Tensor[], attributes: RecurrentAttributes): Tensor {
  const outputs = runKernel(recurrentKernelNames.forward, inputs, { ...attributes, training: true });
  return outputs[outputs.length - 1];
}
