export { OndaBidirectional } from './layers/ondaBidirectional.ts';
export type { MergeMode, OndaBidirectionalArgs } from './layers/ondaBidirectional.ts';
export type { RecurrentLayerArgs } from './layers/recurrentLayer.ts';
export { OndaGRU, OndaLSTM, OndaRNN } from './layers/recurrentLayers.ts';
export type { OndaGRUArgs, OndaRNNArgs } from './layers/recurrentLayers.ts';
export { registerLayers } from './layers/registerLayers.ts';
export type { InitializerOption } from './layers/weightInitializer.ts';

export type { LossSpec } from './losses.ts';
export { Net } from './net.ts';
export type { NetForward, NetGradients, NetReadout, WindowOptions } from './net.ts';
export type { Feedback } from './feedback.ts';
export type { DropoutSpec, NetSpec } from './netSpec.ts';
export { loadPyTorchWeights, toPyTorchWeights } from './pytorchWeights.ts';
export type { PyTorchWeights } from './pytorchWeights.ts';
export { weightSpecs } from './weights.ts';
export type { WeightSpec } from './weights.ts';

export { recurrent, recurrentAttributes } from './recurrent.ts';
