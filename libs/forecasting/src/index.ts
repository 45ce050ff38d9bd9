export { backtest, baselineWarnings } from './backtest.ts';
export type { Backtest, BacktestOptions, OriginForecast } from './backtest.ts';
export { baseline, baselineNames, baselinesFor } from './baselines/baselines.ts';
export type { BaselineName } from './baselines/baselines.ts';
export { seasonalError } from './metrics.ts';
export type { EvaluationRow } from './metrics.ts';
export { defaultLevels } from './predictor.ts';
export type { ForecastTask, Prediction, Predictor } from './predictor.ts';
