/**
 * What a net predicts among its outputs: the first block of them, the mean or the median, where a sampling makes values of several.
 *
 * @param values   row-major, [..., outputs]
 * @param outputs  columns of a sample
 * @param features of them that are the prediction
 */
export function pointPrediction(values: Float32Array, outputs: number, features: number): Float32Array {
  return outputs === features ? values : values.filter((_, index) => index % outputs < features);
}
