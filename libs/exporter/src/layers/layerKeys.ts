import type { LayerOptions } from '../artifacts/layerOptions.ts';
import { UnsupportedError } from '../errors.ts';

/** Options of a layer class: those that the exporter reads, and those of which it supports a single value. */
interface LayerKeys {
  readonly read: ReadonlySet<string>;
  readonly only: Readonly<Record<string, unknown>>;
}

function keys(read: string, only: Readonly<Record<string, unknown>> = {}): LayerKeys {
  return { read: new Set(read.split(' ')), only };
}

const pool = keys('pool_size strides padding data_format');
const global = keys('data_format keepdims');
const window = 'filters kernel_size strides padding data_format dilation_rate activation use_bias';
const convolution = keys(`${window} groups`);
const sequence = 'return_sequences return_state go_backwards time_major zero_output_for_mask';
const cells = {
  rnn: 'units activation use_bias',
  gates: 'units activation recurrent_activation use_bias reset_after',
};
const images = keys(
  'height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio fill_mode fill_value data_format',
);
const none = keys('');

const layerKeys: Readonly<Record<string, LayerKeys>> = {
  Activation: keys('activation'),
  ActivityRegularization: keys('l1 l2'),
  Add: none,
  AdditiveAttention: keys('use_scale causal'),
  Attention: keys('use_scale score_mode causal'),
  Average: none,
  AveragePooling1D: pool,
  AveragePooling2D: pool,
  AveragePooling3D: pool,
  BatchNormalization: keys('axis epsilon center scale renorm_clipping renorm_momentum'),
  Bidirectional: keys('layer backward_layer merge_mode'),
  CategoryEncoding: keys('num_tokens output_mode'),
  CenterCrop: keys('height width data_format'),
  Concatenate: keys('axis'),
  Conv1D: convolution,
  Conv1DTranspose: keys(window, { groups: 1 }),
  Conv2D: convolution,
  Conv2DTranspose: keys(window, { groups: 1 }),
  Conv3D: convolution,
  Conv3DTranspose: keys(window, { groups: 1 }),
  ConvLSTM2D: keys(`${window} ${sequence} recurrent_activation`),
  Cropping1D: keys('cropping data_format'),
  Cropping2D: keys('cropping data_format'),
  Cropping3D: keys('cropping data_format'),
  Dense: keys('units activation use_bias'),
  DepthwiseConv1D: keys(`${window} depth_multiplier groups`),
  DepthwiseConv2D: keys(`${window} depth_multiplier groups`),
  Discretization: keys('bin_boundaries output_mode num_bins epsilon'),
  Dot: keys('axes normalize'),
  ELU: keys('alpha'),
  EinsumDense: keys('equation output_shape bias_axes activation'),
  Embedding: keys('input_dim output_dim mask_zero'),
  Flatten: keys('data_format'),
  GRU: keys(`${cells.gates} ${sequence}`),
  GRUCell: keys(cells.gates),
  GlobalAveragePooling1D: global,
  GlobalAveragePooling2D: global,
  GlobalAveragePooling3D: global,
  GlobalMaxPooling1D: global,
  GlobalMaxPooling2D: global,
  GlobalMaxPooling3D: global,
  GroupNormalization: keys('groups axis epsilon center scale'),
  LSTM: keys(`${cells.gates} ${sequence}`),
  LSTMCell: keys(cells.gates),
  LayerNormalization: keys('axis epsilon center scale rms_scaling'),
  LeakyReLU: keys('alpha negative_slope'),
  Masking: keys('mask_value'),
  MaxPooling1D: pool,
  MaxPooling2D: pool,
  MaxPooling3D: pool,
  Maximum: none,
  Minimum: none,
  MultiHeadAttention: keys(
    'num_heads key_dim value_dim use_bias output_shape attention_axes query_shape key_shape value_shape flash_attention',
  ),
  Multiply: none,
  Normalization: keys('axis mean variance invert'),
  PReLU: keys('shared_axes'),
  Permute: keys('dims'),
  RMSNormalization: keys('axis epsilon'),
  // TensorFlow.js also writes the options of the cell there.
  RNN: keys(`cell cells ${cells.gates} ${sequence}`),
  ReLU: keys('max_value negative_slope threshold'),
  RepeatVector: keys('n'),
  Rescaling: keys('scale offset'),
  Reshape: keys('target_shape'),
  Resizing: images,
  SeparableConv1D: keys(`${window} depth_multiplier`, { groups: 1 }),
  SeparableConv2D: keys(`${window} depth_multiplier`, { groups: 1 }),
  SimpleRNN: keys(`${cells.rnn} ${sequence}`),
  SimpleRNNCell: keys(cells.rnn),
  Softmax: keys('axis'),
  StackedRNNCells: keys('cells'),
  Subtract: none,
  ThresholdedReLU: keys('theta'),
  TimeDistributed: keys('layer'),
  UnitNormalization: keys('axis'),
  UpSampling1D: keys('size data_format'),
  UpSampling2D: keys('size data_format interpolation'),
  ZeroPadding1D: keys('padding data_format'),
  ZeroPadding2D: keys('padding data_format'),
  ZeroPadding3D: keys('padding data_format'),
};

/** Options without effect on the values at inference. */
const ignored: ReadonlySet<string> = new Set([
  ...['name', 'trainable', 'dtype', 'batch_input_shape', 'batch_shape', 'input_dim', 'input_length'],
  ...['autocast', 'build_config', 'seed', 'momentum', 'dropout', 'recurrent_dropout', 'synchronized'],
  ...['implementation', 'stateful', 'unroll', 'unit_forget_bias', 'activity_regularizer', 'rank'],
]);

/**
 * Rejects options that no rule reads, unless their value is null, false or empty.
 *
 * @throws UnsupportedError that names the option
 */
export function checkKeys(className: string, options: LayerOptions): void {
  if (!Object.hasOwn(layerKeys, className)) return;
  const { read, only } = layerKeys[className];
  for (const key of options.keys()) {
    if (read.has(key) || ignored.has(key) || /_(initializer|regularizer|constraint)$/.test(key)) continue;
    const value = options.get(key);
    if (isEmpty(value)) continue;
    const expected = Object.hasOwn(only, key) ? JSON.stringify(only[key]) : 'no such option';
    if (JSON.stringify(value) === expected) continue;
    throw new UnsupportedError(
      `layer "${options.layer}": ${key}: expected ${expected} of ${className}, got ${JSON.stringify(value).slice(0, 80)}; build the layer without it`,
    );
  }
}

/** Whether the options of a class are listed here. */
export function hasKeys(className: string): boolean {
  return Object.hasOwn(layerKeys, className);
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
