/** Coefficients of the rational approximation: numerator and denominator of the center, then of the tails. */
const center = {
  numerator: [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ],
  denominator: [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
  ],
};
const tail = {
  numerator: [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ],
  denominator: [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1],
};

/** Where the tails start. */
const low = 0.02425;

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

/**
 * The quantile function of the standard normal distribution, by Acklam's rational approximation (relative error below 1.2e-9).
 *
 * @param level a probability above 0 and below 1
 */
export function normalQuantile(level: number): number {
  if (level > 1 - low) return -normalQuantile(1 - level);
  if (level < low) {
    const x = Math.sqrt(-2 * Math.log(level));
    return polynomial(tail.numerator, x) / polynomial(tail.denominator, x);
  }
  const x = level - 0.5;
  return (polynomial(center.numerator, x * x) * x) / polynomial(center.denominator, x * x);
}
