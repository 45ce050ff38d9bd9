export type { Runtime, RuntimeTensor, Session, SessionOptions, TensorInfo } from './session.ts';

export { floatOutput, floatTensor, listText, runtimeTensor, shapeText } from './tensors.ts';
export type { FloatTensor } from './tensors.ts';

export { SequenceModel, zeroState } from './sequenceModel.ts';
export type { StepResult } from './sequenceModel.ts';
export { packManifest, packRuntime } from './packStates.ts';
export { generate, generatorForm, runGenerator } from './generator.ts';
export { generateClosedLoop } from './closedLoop.ts';
export { drawNoise, drawValue } from './sampling.ts';
export type {
  Draws,
  GeneratorCall,
  GeneratorForm,
  GeneratorModel,
  GeneratorResult,
  GeneratorState,
} from './generator.ts';

// For adapters.
export {
  checkFeeds,
  checkFetches,
  checkModelBytes,
  checkSession,
  loadError,
  releasedError,
} from './checks.ts';
export type { CheckFeedsOptions } from './checks.ts';
