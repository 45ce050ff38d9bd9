export { SharedByteBudget } from './byteBudget.ts';
export type { ByteBudget } from './byteBudget.ts';
export { configMistake } from './configErrors.ts';
export { nearest } from './nearest.ts';
export { clipped, jsonText, quoted } from './quoted.ts';
export { readRedisAddress } from './redisAddress.ts';
export type { RedisAddress } from './redisAddress.ts';
export { drawConstants, drawKeys, drawsAny, outputScaler, samplingBlocks, uniformDraws } from './sampling.ts';
export type { DrawKeys, Sampling } from './sampling.ts';
export {
  ConfigError,
  DataError,
  fromErrorMessage,
  MemoryError,
  MissingError,
  ModelError,
  OndaError,
  ResultError,
  RunError,
  ShapeError,
  toErrorMessage,
} from './errors.ts';
export type { ErrorMessage } from './errors.ts';
export { cellKinds, fitConfigSchema, parseFitConfig, strategies } from './fitConfig.ts';
export type {
  CellKind,
  CsvDataConfig,
  DataConfig,
  FitConfig,
  ForecastConfig,
  SineDataConfig,
  VideoDataConfig,
} from './fitConfig.ts';
export { parseSweepConfig, sweepConfigSchema, sweepMetrics } from './sweepConfig.ts';
export type { SweepConfig, SweepMetric, SweepSearch, SweepValues } from './sweepConfig.ts';
export {
  canonicalJson,
  isNetManifest,
  manifestFormat,
  manifestIdentity,
  parseManifest,
  parseNetManifest,
  requireNetManifest,
  samplingSchema,
  scalerSchema,
} from './manifest.ts';
export type {
  Manifest,
  ManifestDescription,
  ManifestForecaster,
  NetManifest,
  ParityRow,
} from './manifest.ts';
export type {
  PackedState,
  Scaler,
  SeparateStates,
  StateRow,
  TensorLists,
  TensorSpec,
} from './manifestParts.ts';
export { checkModelName, modelFiles, seedDim, tensorNames } from './modelFiles.ts';
export { elementsOf, isTensorType, tensorTypes, tritonTypes, typedArrays } from './tensorTypes.ts';
export type { TensorArrays, TensorType, TensorValue } from './tensorTypes.ts';
