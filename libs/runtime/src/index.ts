export type { Runtime, RuntimeTensor, Session, TensorInfo } from './session.ts';

export { floatTensor } from './floatTensor.ts';
export type { FloatTensor } from './floatTensor.ts';

export { SequenceModel, zeroState } from './sequenceModel.ts';
export type { StepResult } from './sequenceModel.ts';
export { packManifest, packRuntime } from './packStates.ts';
export { generate } from './generate.ts';
export { generateClosedLoop } from './closedLoop.ts';
export { drawValue } from './drawValue.ts';
export { drawNoise } from './drawNoise.ts';
export { generatorForm } from './generatorForm.ts';
export type { GeneratorForm, GeneratorState } from './generatorForm.ts';
export { runGenerator } from './runGenerator.ts';
export type { Draws, GeneratorCall, GeneratorModel, GeneratorResult } from './runGenerator.ts';

// For adapters.
export { checkFeeds } from './checkFeeds.ts';
export type { CheckFeedsOptions } from './checkFeeds.ts';
export { checkSession } from './checkSession.ts';
export { checkFetches, checkModelBytes, loadError, releasedError } from './sessionChecks.ts';
export { runtimeTensor } from './runtimeTensor.ts';
export { listText, shapeText } from './shapeText.ts';
