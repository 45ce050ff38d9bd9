/**
 * In what numbers a file keeps its weights; values come, go and are computed in float32 whatever is chosen.
 *
 *   float32   as they were trained
 *   float16   half the size. ONNX Runtime's CPU has no half-float kernels for recurrent layers, so each weight is turned into float32
 *             when the model is loaded (constant folding); runs are as fast as in float32, and exact for the rounded weights
 *   int8      a quarter of the size for LSTM and dense layers, which then compute in whole numbers, with inputs quantized at run time
 */
export const precisions = ['float32', 'float16', 'int8'] as const;
export type Precision = (typeof precisions)[number];
