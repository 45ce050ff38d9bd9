export { drawConstants, drawKeys, uniformDraws } from './draws.ts';
export type { DrawKeys } from './draws.ts';
export {
  ConfigError,
  DataError,
  MissingError,
  ModelError,
  OndaError,
  ResultError,
  ShapeError,
} from './errors.ts';
export { cellKinds, fitConfigSchema, parseFitConfig } from './fitConfig.ts';
export type {
  CellKind,
  CsvDataConfig,
  DataConfig,
  FitConfig,
  SineDataConfig,
  VideoDataConfig,
} from './fitConfig.ts';
export {
  canonicalJson,
  manifestFormat,
  manifestIdentity,
  manifestSchema,
  parseManifest,
  scalerSchema,
} from './manifest.ts';
export type { Manifest, ManifestDescription, ParityRow } from './manifest.ts';
export type {
  PackedState,
  Scaler,
  SeparateStates,
  StateRow,
  TensorLists,
  TensorSpec,
} from './manifestParts.ts';
export { checkModelName, modelFiles, seedDim, tensorNames } from './modelFiles.ts';
export { isNetManifest, parseNetManifest, requireNetManifest } from './netManifest.ts';
export type { NetManifest } from './netManifest.ts';
export { outputScaler } from './outputScaler.ts';
export { drawsAny, samplingBlocks } from './sampling.ts';
export type { Sampling } from './sampling.ts';
export { samplingSchema } from './samplingSchema.ts';
export { elementsOf, isTensorType, tensorTypes, typedArrays } from './tensorTypes.ts';
export type { TensorArrays, TensorType, TensorValue } from './tensorTypes.ts';
export { tritonTypes } from './tritonTypes.ts';
