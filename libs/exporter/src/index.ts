// Export
export { exportGenerator } from './generator/exportGenerator.ts';
export type { ExportedGenerator, ExportGeneratorOptions } from './generator/exportGenerator.ts';
export { exportModel } from './model/exportModel.ts';
export type { ExportedModel, ExportModelOptions } from './model/exportModel.ts';
export { exportForecaster } from './forecaster/exportForecaster.ts';
export type { ExportedForecaster, ExportForecasterOptions } from './forecaster/exportForecaster.ts';
export { exportNet } from './model/exportNet.ts';
export type { ExportedNet, ExportNetOptions } from './model/exportNet.ts';
export { isOndaNet } from './model/readNet.ts';
export type { NetSpec } from './model/readNet.ts';

// Model artifacts
export { readSavedModel } from './artifacts/savedModel.ts';
export type { LayersArtifacts, SavedModel, WeightEntry } from './artifacts/savedModel.ts';
export { isKerasFile, readKerasFile } from './files/readKerasFile.ts';
export { readTorchFile } from './files/readTorchFile.ts';
export { roundWeights } from './graph/float16.ts';

// Exported models
export { configPbtxt } from './model/configPbtxt.ts';
export type { TritonModel } from './model/configPbtxt.ts';
export { exporterVersion, opsets, tensorSpecs, withMetadata } from './model/onnxModel.ts';
export { precisions } from './model/precision.ts';
export type { Precision } from './model/precision.ts';
export { statePackings, stateTensors } from './model/states.ts';
export type { StateLayout, StatePacking } from './model/states.ts';

// Errors and types of @onda/contract, and ONNX files by @onda/onnx: the published package has no dependencies.
export { UnsupportedError } from './errors.ts';
export { ConfigError, ModelError, OndaError, ShapeError } from '@onda/contract';
export type {
  PackedState,
  Sampling,
  Scaler,
  SeparateStates,
  StateRow,
  TensorLists,
  TensorSpec,
} from '@onda/contract';
export { checkModel, printModel, readLimits, readModel, writeModel, writeSplitModel } from '@onda/onnx';
export type {
  Attribute,
  Dim,
  ElementType,
  ExternalFiles,
  Graph,
  Model,
  Node,
  ReadLimits,
  SplitModel,
  Tensor,
  ValueInfo,
} from '@onda/onnx';
