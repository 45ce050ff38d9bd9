// What the published package gives. Beside it, `index.ts` is what the workspace's own apps take.
export type { LayersArtifacts, WeightEntry } from './artifacts/artifacts.ts';
export { readSavedModel } from './artifacts/readSavedModel.ts';
export type { SavedModel } from './artifacts/readSavedModel.ts';
export { UnsupportedError } from './errors.ts';
export { exportGenerator } from './generator/exportGenerator.ts';
export type { ExportedGenerator, ExportGeneratorOptions } from './generator/exportGenerator.ts';
export { configPbtxt } from './model/configPbtxt.ts';
export type { TritonModel } from './model/configPbtxt.ts';
export { exportModel } from './model/exportModel.ts';
export type { ExportedModel, ExportModelOptions } from './model/exportModel.ts';
export { opsets } from './model/makeModel.ts';
export { statePackings } from './model/stateTensors.ts';
export type { StateLayout, StatePacking } from './model/stateTensors.ts';
export { tensorSpecs } from './model/tensorSpecs.ts';
export { withMetadata } from './model/withMetadata.ts';
export { exportNet } from './net/exportNet.ts';
export type { ExportedNet, ExportNetOptions } from './net/exportNet.ts';
export { isOndaNet } from './net/isOndaNet.ts';
export type { NetSpec } from './net/net.ts';
export { precisions } from './precision/precision.ts';
export type { Precision } from './precision/precision.ts';
export { exporterVersion } from './version.ts';

export { ConfigError, ModelError, OndaError, ShapeError } from '@onda/contract';
export type { PackedState, Scaler, SeparateStates, StateRow, TensorLists, TensorSpec } from '@onda/contract';

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
