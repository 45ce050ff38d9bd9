export { registerComposedKernels } from './composed/registerComposedKernels.ts';
export { registerCpuKernels } from './cpu/registerCpuKernels.ts';
export { ensureRecurrentKernels } from './ensureRecurrentKernels.ts';
export { OndaBidirectional } from './layers/ondaBidirectional.ts';
export type { MergeMode, OndaBidirectionalArgs } from './layers/ondaBidirectional.ts';
export { OndaGRU } from './layers/ondaGRU.ts';
export type { OndaGRUArgs } from './layers/ondaGRU.ts';
export { OndaLSTM } from './layers/ondaLSTM.ts';
export { OndaRNN } from './layers/ondaRNN.ts';
export type { OndaRNNArgs } from './layers/ondaRNN.ts';
export type { RecurrentLayerArgs } from './layers/recurrentLayer.ts';
export { registerLayers } from './layers/registerLayers.ts';
export type { InitializerOption } from './layers/weightInitializer.ts';
export { lossBlocks } from './losses/lossSpec.ts';
export type { LossSpec } from './losses/lossSpec.ts';
export { Net } from './net.ts';
export type { NetForward, NetGradients, NetReadout } from './net.ts';
export { readoutColumns } from './netSpec.ts';
export type { DropoutSpec, NetSpec } from './netSpec.ts';
export { loadPyTorchWeights, toPyTorchWeights } from './pytorchWeights.ts';
export type { PyTorchWeights } from './pytorchWeights.ts';
export { recurrent, recurrentAttributes, recurrentGrad } from './recurrent.ts';
export type {
  RecurrentGradients,
  RecurrentGradInputs,
  RecurrentInputs,
  RecurrentOutputs,
} from './recurrentTensors.ts';
export { registerRecurrentGradient } from './recurrentGradient.ts';
export { importStock } from './stock/importStock.ts';
export { gateCounts, recurrentKernelNames, reserveCounts } from './recurrentOp.ts';
export type { RecurrentAttributes } from './recurrentOp.ts';
export { readoutLoss, readoutLossGradients } from './readoutLoss.ts';
export type { ReadoutLoss, ReadoutLossGradients, ReadoutLossInputs } from './readoutLoss.ts';
export { GAUSSIAN_EPSILON, lossKinds, readoutLossKernelName } from './readoutLossOp.ts';
export type { LossKind, ReadoutLossAttributes } from './readoutLossOp.ts';
export { stateRows } from './stateRows.ts';
export { weightSpecs } from './weightSpecs.ts';
export type { WeightSpec } from './weightSpecs.ts';
export { CLIP_EPSILON, optimizerDefaults, optimizerKernelName, slotCounts } from './optimizerOp.ts';
export type { OptimizerAttributes, OptimizerKind } from './optimizerOp.ts';
