export { describeRecurrentKernels } from './recurrentConformance.ts';
export type { RecurrentSuite } from './recurrentConformance.ts';
export { caseTensors, gradientTensors, recurrentCase, variants } from './recurrentCase.ts';
export type { RecurrentCase } from './recurrentCase.ts';
export { referenceRecurrent } from './referenceRecurrent.ts';
export type { ReferenceInputs, ReferenceOutputs, ReferenceSizes } from './referenceRecurrent.ts';
export { describePyTorchGradients } from './pytorchGradientTests.ts';
