export type { Runtime, RuntimeTensor, Session, TensorInfo } from './session.ts';
