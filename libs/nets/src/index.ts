export { registerCpuKernels } from './cpu/registerCpuKernels.ts';
export { OndaBidirectional } from './layers/ondaBidirectional.ts';
export type { MergeMode, OndaBidirectionalArgs } from './layers/ondaBidirectional.ts';
export { OndaGRU, OndaLSTM, OndaRNN } from './layers/recurrentLayers.ts';
export type { OndaGRUArgs, OndaRNNArgs } from './layers/recurrentLayers.ts';
export type { RecurrentLayerArgs } from './layers/recurrentLayer.ts';
export { registerLayers } from './layers/registerLayers.ts';
export type { InitializerOption } from './layers/weightInitializer.ts';
export { lossBlocks } from './losses.ts';
export type { LossSpec } from './losses.ts';
export { Net } from './net.ts';
export type { NetForward, NetGradients, NetReadout } from './net.ts';
export { readoutColumns, stateRows } from './netSpec.ts';
export type { DropoutSpec, NetSpec } from './netSpec.ts';
export { loadPyTorchWeights, toPyTorchWeights } from './pytorchWeights.ts';
export type { PyTorchWeights } from './pytorchWeights.ts';
export { recurrent, recurrentAttributes, recurrentGrad } from './recurrent.ts';
export type {
  RecurrentAttributes,
  RecurrentGradients,
  RecurrentGradInputs,
  RecurrentInputs,
  RecurrentOutputs,
} from './recurrentOp.ts';
export { gateCounts, recurrentKernelNames, reserveCounts } from './recurrentOp.ts';
export { readoutLoss, readoutLossGradients } from './readoutLoss.ts';
export type { ReadoutLoss, ReadoutLossGradients, ReadoutLossInputs } from './readoutLoss.ts';
export { GAUSSIAN_EPSILON, lossKinds, readoutLossKernelName } from './readoutLossOp.ts';
export type { LossKind, ReadoutLossAttributes } from './readoutLossOp.ts';
export { weightSpecs } from './weights.ts';
export type { WeightSpec } from './weights.ts';
export { CLIP_EPSILON, optimizerDefaults, optimizerKernelName, slotCounts } from './optimizerOp.ts';
export type { OptimizerAttributes, OptimizerKind } from './optimizerOp.ts';
