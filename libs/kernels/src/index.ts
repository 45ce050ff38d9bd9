export { openWasmBackend } from './openWasmBackend.ts';
export type { WasmBackend } from './openWasmBackend.ts';
export type { WasmSource } from './wasmModule.ts';

// The ops, for callers and for kernels of other backends.
export { inputList } from './kernelCall.ts';
export type { KernelCall } from './kernelCall.ts';
export {
  optimizerDefaults,
  optimizerFactors,
  optimizerKernelName,
  optimizerKinds,
  slotCounts,
} from './optimizerOp.ts';
export type { OptimizerAttributes, OptimizerKind } from './optimizerOp.ts';
export { GAUSSIAN_EPSILON, lossKinds, readoutLossKernelName } from './readoutLossOp.ts';
export type { LossKind, ReadoutLossAttributes } from './readoutLossOp.ts';
export { gateCounts, recurrentKernelNames, reserveCounts, sampleAt } from './recurrentOp.ts';
export type {
  RecurrentAttributes,
  RecurrentGradients,
  RecurrentGradInputs,
  RecurrentInputs,
  RecurrentOutputs,
} from './recurrentOp.ts';
