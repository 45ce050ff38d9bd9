import type { ColumnRule } from './columnForecast.ts';
import { moments } from './columnForecast.ts';

/** Most lags of a fit. */
const mostLags = 200;

/** Added to the diagonal of the correlations, so that lags that depend on each other have a solution. */
const ridge = 1e-8;

/**
 * Linear autoregression by least squares: a value from a constant and the values before it. The number of lags is the one of 1 to 4, 8,
 * a season, and a season and one, that has the least Akaike information criterion. Forecasts are fed back.
 */
export const linearAutoregression: ColumnRule = (values, { period, horizon }) => {
  const count = values.length;
  const orders = [1, 2, 3, 4, 8, ...(period > 1 ? [period, period + 1] : [])].filter(
    (order) => order <= Math.min(mostLags, Math.floor((count - 1) / 3)),
  );
  const { mean, scale } = moments(values);
  const scaled = values.map((value) => (value - mean) / scale);
  const fitted = orders.length === 0 ? { weights: [0], deviation: 1 } : bestFit(scaled, orders);
  const { weights, deviation } = fitted;
  const lags = weights.length - 1;
  const all = [...scaled];
  const responses = [1];
  const deviations: number[] = [];
  let variance = 0;
  for (let step = 0; step < horizon; step++) {
    let value = weights[0];
    for (let lag = 1; lag <= lags; lag++) value += weights[lag] * all[all.length - lag];
    all.push(value);
    variance += responses[step] ** 2;
    deviations.push(scale * deviation * Math.sqrt(variance));
    let response = 0;
    for (let lag = 1; lag <= Math.min(lags, step + 1); lag++)
      response += weights[lag] * responses[step + 1 - lag];
    responses.push(response);
  }
  return { values: all.slice(count).map((value) => value * scale + mean), deviations };
};

interface LagFit {
  /** The constant, then the weight of each lag. */
  weights: number[];
  /** Standard deviation of the residuals. */
  deviation: number;
}

/** Fits every order on the same samples and keeps the one with the least Akaike information criterion. */
function bestFit(values: Float64Array, orders: readonly number[]): LagFit {
  const most = Math.max(...orders);
  const rows = values.length - most;
  const size = most + 1;
  // Products of the constant, the lags and (last) the value itself.
  const products = Array.from({ length: size + 1 }, () => new Float64Array(size + 1));
  const row = new Float64Array(size + 1);
  for (let sample = most; sample < values.length; sample++) {
    row[0] = 1;
    for (let lag = 1; lag <= most; lag++) row[lag] = values[sample - lag];
    row[size] = values[sample];
    for (let i = 0; i <= size; i++) {
      for (let j = 0; j <= i; j++) products[i][j] += row[i] * row[j];
    }
  }
  let best: LagFit & { criterion: number } = { weights: [0], deviation: 1, criterion: Infinity };
  for (const order of orders) {
    const target = Array.from({ length: order + 1 }, (_, index) => products[size][index]);
    const weights = solve(products, target, ridge * rows);
    let squares = products[size][size];
    for (const [index, weight] of weights.entries()) squares -= weight * target[index];
    const variance = Math.max(squares / rows, 1e-12);
    const criterion = rows * Math.log(variance) + 2 * (order + 1);
    if (criterion < best.criterion) best = { weights, deviation: Math.sqrt(variance), criterion };
  }
  return best;
}

/**
 * Solves a symmetric positive definite system by Cholesky's factorization.
 *
 * @param matrix its lower triangle; the leading part of the size of `target` is used
 * @param added  added to the diagonal
 */
function solve(matrix: readonly Float64Array[], target: readonly number[], added: number): number[] {
  const size = target.length;
  const lower = Array.from({ length: size }, () => new Float64Array(size));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j] + (i === j ? added : 0);
      for (let k = 0; k < j; k++) sum -= lower[i][k] * lower[j][k];
      lower[i][j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j][j];
    }
  }
  const solution = [...target];
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) solution[i] -= lower[i][k] * solution[k];
    solution[i] /= lower[i][i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) solution[i] -= lower[k][i] * solution[k];
    solution[i] /= lower[i][i];
  }
  return solution;
}
