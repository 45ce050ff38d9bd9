export { describePyTorchGradients } from './pytorchGradientTests.ts';
export { describeRecurrentKernels } from './recurrentConformance.ts';
export type { RecurrentSuite } from './recurrentConformance.ts';
