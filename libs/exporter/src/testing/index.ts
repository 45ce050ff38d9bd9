export { interpretModel, isKerasModel } from './interpretModel.ts';
export type { InterpretedInput, InterpretedModel } from './interpretModel.ts';
export type { Tensor64 } from './tensors.ts';
export { readNpz } from '../files/npz.ts';
export type { NpyArray } from '../files/npz.ts';
