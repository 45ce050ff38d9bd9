export { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export type { Checkpoint } from './checkpoint.ts';
export { fit } from './fit.ts';
export type { FitOptions, FitProgress, FitResult, FitStep } from './fit.ts';
export { carryModel, windowModel } from './netModels.ts';
export type { CarryTraining, NetBatch, NetModel, WindowTraining } from './netModels.ts';
export { Optimizer } from './optimizer.ts';
export type { OptimizerOptions, OptimizerState } from './optimizer.ts';
export { constantSchedule, cosineSchedule, oneCycleSchedule, stepSchedule, withWarmup } from './schedules.ts';
export type { Schedule } from './schedules.ts';
export { train } from './train.ts';
export type { Ending, TrainOptions, TrainResult, TrainStep } from './train.ts';
export type { Batches, CarriedState, TrainableModel } from './trainableModel.ts';
export type {
  BestWeights,
  PlateauOptions,
  PlateauState,
  Validation,
  ValidationOptions,
} from './validation.ts';
