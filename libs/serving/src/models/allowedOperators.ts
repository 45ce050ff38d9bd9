import { ModelError, quoted } from '@onda/contract';
import { listText } from '@onda/runtime';

/**
 * Operators that a model may have: those of ONNX (opset 26) that compute tensors from tensors in bounded time.
 *
 * Left out: Loop, whose number of iterations may come from the file or the request; ImageDecoder, a decoder of untrusted files;
 * sequences and optionals, which no request can carry; optimizers.
 */
const standard = `
  Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization Bernoulli BitCast
  BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike CausalConvWithState Ceil Celu CenterCropPad Clip
  Col2Im Compress Concat Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum DFT DeformConv DepthToSpace
  DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather
  GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization
  HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization
  LeakyRelu Less LessOrEqual LinearAttention Log LogSoftmax LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool
  Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Or PRelu Pad Pow
  QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range
  Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
  RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scan Scatter ScatterElements ScatterND Selu
  Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split Sqrt Squeeze StringConcat StringNormalizer
  StringSplit Sub Sum SwiGLU Swish Tan Tanh TensorScatter TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze
  Upsample Where Xor`;

/** Operators whose kernels abort the process for a dim of 0. */
export const recurrentOperators: ReadonlySet<string> = new Set([
  'GRU',
  'LSTM',
  'RNN',
  'com.microsoft:DynamicQuantizeLSTM',
]);

/** Operators that repeat a graph as often as a value says, possibly forever. */
export const endlessOperators: ReadonlySet<string> = new Set(['Loop']);

/** Classical models, without SVMs, whose kernels read out of bounds (ONNX Runtime pull request 27950). */
const classical = `
  ArrayFeatureExtractor Binarizer FeatureVectorizer Imputer LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder
  Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor`;

/** Operators of ONNX Runtime's quantization and fusion. */
const microsoft = `
  BiasGelu DequantizeLinear DynamicQuantizeLSTM DynamicQuantizeMatMul FastGelu FusedConv FusedGemm FusedMatMul Gelu MatMulInteger16
  MatMulIntegerToFloat MatMulNBits QAttention QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv QLinearGlobalAveragePool
  QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QuantizeLinear SkipLayerNormalization`;

const words = (text: string): string[] => text.trim().split(/\s+/);

const allowed: ReadonlySet<string> = new Set([
  ...words(standard),
  ...words(classical).map((op) => `ai.onnx.ml:${op}`),
  ...words(microsoft).map((op) => `com.microsoft:${op}`),
]);

/**
 * @param operators of a model, as `inspectModel` lists them
 * @param more      further allowed operators: `Loop`, `com.microsoft:Attention`
 * @throws ModelError naming those that are not allowed
 */
export function checkOperators(operators: readonly string[], more: readonly string[]): void {
  const others = operators.filter((operator) => !allowed.has(operator) && !more.includes(operator));
  if (others.length === 0) return;
  const shown = others.slice(0, 5).map((operator) => quoted(operator, 100));
  const rest = others.length > shown.length ? ` and ${others.length - shown.length} more` : '';
  throw new ModelError(
    `the model has ${others.length === 1 ? 'an operator' : 'operators'} that the service does not allow: ${listText(shown)}${rest}; export the model without such operators, or add operators that you trust to the allowed operators`,
  );
}
