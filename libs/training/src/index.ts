export { decodeCheckpoint, encodeCheckpoint, takeCheckpoint } from './checkpoint.ts';
export type { Checkpoint } from './checkpoint.ts';
export { fit } from './fit.ts';
export type { CarriedState, FitOptions, FitProgress, FitResult, FitStep } from './fit.ts';
export { Optimizer } from './optimizer.ts';
export type { OptimizerOptions, OptimizerState } from './optimizer.ts';
export { constantSchedule, cosineSchedule, stepSchedule } from './schedules.ts';
export type { Schedule } from './schedules.ts';
