export { registerComposedKernels } from './composed/registerComposedKernels.ts';
export { registerCpuKernels } from './cpu/registerCpuKernels.ts';
export { ensureRecurrentKernels } from './ensureRecurrentKernels.ts';
export { OndaGRU } from './layers/ondaGRU.ts';
export type { OndaGRUArgs } from './layers/ondaGRU.ts';
export { OndaLSTM } from './layers/ondaLSTM.ts';
export { OndaRNN } from './layers/ondaRNN.ts';
export type { OndaRNNArgs } from './layers/ondaRNN.ts';
export type { RecurrentLayerArgs } from './layers/recurrentLayer.ts';
export { registerLayers } from './layers/recurrentLayers.ts';
export type { Loss, LossKind, LossResult } from './losses/loss.ts';
export { losses } from './losses/losses.ts';
export { Net } from './net.ts';
export type { NetForward, NetGradients } from './net.ts';
export type { NetSpec } from './netSpec.ts';
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
export { gateCounts, recurrentKernelNames, reserveCounts } from './recurrentOp.ts';
export type { RecurrentAttributes } from './recurrentOp.ts';
export { stateRows } from './stateRows.ts';
export { weightSpecs } from './weightSpecs.ts';
export type { WeightSpec } from './weightSpecs.ts';
export { CLIP_EPSILON, optimizerDefaults, optimizerKernelName, slotCounts } from './optimizerOp.ts';
export type { OptimizerAttributes, OptimizerKind } from './optimizerOp.ts';
export { readoutLossKernelName } from './readoutLossOp.ts';
