import type { GradConfig, NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { getBackend, getGradient, registerGradient } from '@tensorflow/tfjs-core';
import { ConfigError } from '@onda/contract';
import { hasKernel, runKernel } from './kernels.ts';
import type { RecurrentAttributes } from '@onda/kernels';
import { readoutLossKernelName, recurrentKernelNames } from '@onda/kernels';

/**
 * Registers the gradient of the recurrent op, and checks that TensorFlow.js's current backend has kernels of the recurrent and read-out
 * ops. Cheap enough to call before every op.
 *
 * @throws ConfigError for a backend without kernels
 */
export function ensureRecurrentKernels(): void {
  registerRecurrentGradient();
  const backend = getBackend();
  const kernels = [recurrentKernelNames.forward, recurrentKernelNames.backward, readoutLossKernelName];
  const missing = kernels.filter((kernel) => !hasKernel(kernel, backend));
  if (missing.length === 0) return;
  throw new ConfigError(
    `TensorFlow.js backend "${backend}": expected kernels ${kernels.join(', ')}, got none for ${missing.join(', ')}; call openWasmBackend of @onda/kernels, or openBackend of @onda/tfjs-native in Node`,
  );
}

/** Registers the gradient of the recurrent op, for all backends. */
function registerRecurrentGradient(): void {
  const registered = getGradient(recurrentKernelNames.forward) as GradConfig | undefined;
  if (registered !== undefined) return;
  registerGradient({
    kernelName: recurrentKernelNames.forward,
    // TensorFlow.js can save all inputs only when they come as an array; an lstm has one more than the other cells.
    saveAllInputs: true,
    // y and, last, the reserve; the output between them, c of an lstm, shifts the reserve by one.
    outputsToSave: [true, false, true, true],
    gradFunc: recurrentGradients,
  });
}

function recurrentGradients(
  dys: Tensor | Tensor[],
  saved: Tensor[],
  attrs: NamedAttrMap,
): Record<string, () => Tensor> {
  const attributes = attrs as unknown as RecurrentAttributes;
  const inputCount = attributes.cell === 'lstm' ? 7 : 6;
  const inputs = saved.slice(0, inputCount);
  const y = saved[inputCount];
  const reserve = attributes.training ? saved[saved.length - 1] : recomputeReserve(inputs, attributes);
  // dy, dh and (lstm) dc; the last element is the gradient of the reserve, which is never differentiated.
  const dOutputs = (dys as Tensor[]).slice(0, -1);
  const results = runKernel(recurrentKernelNames.backward, [...inputs, y, reserve, ...dOutputs], attributes);
  const named = results.map((result, index): [number, () => Tensor] => [index, () => result]);
  return Object.fromEntries(attributes.inputGradient ? named : named.slice(1));
}

/** A forward call without `training` kept no reserve: run it again. */
function recomputeReserve(inputs: readonly Tensor[], attributes: RecurrentAttributes): Tensor {
  const outputs = runKernel(recurrentKernelNames.forward, inputs, { ...attributes, training: true });
  return outputs[outputs.length - 1];
}
