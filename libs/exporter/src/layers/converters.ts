import { convertBidirectional } from './bidirectional.ts';
import { convertConv1D, convertConv2D, convertDepthwiseConv2D } from './convolution.ts';
import { convertDense } from './dense.ts';
import { convertDot } from './dot.ts';
import { convertEmbedding } from './embedding.ts';
import { convertCropping2D, convertUpSampling2D, convertZeroPadding2D } from './image.ts';
import type { LayerConverter } from './layerCall.ts';
import type { LayerClass } from './layerClasses.ts';
import {
  convertAdd,
  convertAverage,
  convertConcatenate,
  convertMaximum,
  convertMinimum,
  convertMultiply,
} from './merge.ts';
import { convertBatchNormalization, convertLayerNormalization } from './normalization.ts';
import {
  convertActivation,
  convertELU,
  convertLeakyReLU,
  convertNothing,
  convertPReLU,
  convertReLU,
  convertSoftmax,
  convertThresholdedReLU,
} from './pointwise.ts';
import {
  convertAveragePooling,
  convertGlobalAverage,
  convertGlobalMax,
  convertMaxPooling,
} from './pooling.ts';
import { convertRescaling } from './rescaling.ts';
import { convertRecurrent, convertRNN } from './recurrent.ts';
import { convertSeparableConv2D } from './separableConvolution.ts';
import { convertFlatten, convertPermute, convertRepeatVector, convertReshape } from './shapes.ts';
import { convertTimeDistributed } from './timeDistributed.ts';
import { convertConv2DTranspose } from './transposedConvolution.ts';

/** The converter of each class of layer. */
export const converters = {
  Activation: convertActivation,
  Add: convertAdd,
  AlphaDropout: convertNothing,
  Average: convertAverage,
  AveragePooling1D: convertAveragePooling,
  AveragePooling2D: convertAveragePooling,
  BatchNormalization: convertBatchNormalization,
  Bidirectional: convertBidirectional,
  Concatenate: convertConcatenate,
  Conv1D: convertConv1D,
  Conv2D: convertConv2D,
  Conv2DTranspose: convertConv2DTranspose,
  Cropping2D: convertCropping2D,
  Dense: convertDense,
  DepthwiseConv2D: convertDepthwiseConv2D,
  Dot: convertDot,
  Dropout: convertNothing,
  ELU: convertELU,
  Embedding: convertEmbedding,
  Flatten: convertFlatten,
  GRU: convertRecurrent,
  GaussianDropout: convertNothing,
  GaussianNoise: convertNothing,
  GlobalAveragePooling1D: convertGlobalAverage,
  GlobalAveragePooling2D: convertGlobalAverage,
  GlobalMaxPooling1D: convertGlobalMax,
  GlobalMaxPooling2D: convertGlobalMax,
  LSTM: convertRecurrent,
  LayerNormalization: convertLayerNormalization,
  LeakyReLU: convertLeakyReLU,
  MaxPooling1D: convertMaxPooling,
  MaxPooling2D: convertMaxPooling,
  Maximum: convertMaximum,
  Minimum: convertMinimum,
  Multiply: convertMultiply,
  OndaGRU: convertRecurrent,
  OndaLSTM: convertRecurrent,
  OndaRNN: convertRecurrent,
  PReLU: convertPReLU,
  Permute: convertPermute,
  RNN: convertRNN,
  ReLU: convertReLU,
  RepeatVector: convertRepeatVector,
  Rescaling: convertRescaling,
  Reshape: convertReshape,
  SeparableConv2D: convertSeparableConv2D,
  SimpleRNN: convertRecurrent,
  Softmax: convertSoftmax,
  SpatialDropout1D: convertNothing,
  ThresholdedReLU: convertThresholdedReLU,
  TimeDistributed: convertTimeDistributed,
  UpSampling2D: convertUpSampling2D,
  ZeroPadding2D: convertZeroPadding2D,
} satisfies Record<LayerClass, LayerConverter>;
