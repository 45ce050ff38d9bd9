import { bidirectionalLayers } from './bidirectional.ts';
import { categoryEncodingLayers } from './categoryEncoding.ts';
import { convLstmLayers } from './convLstm.ts';
import { convolutionLayers } from './convolution.ts';
import { denseLayers } from './dense.ts';
import { dotLayers } from './dot.ts';
import { embeddingLayers } from './embedding.ts';
import { imageLayers } from './image.ts';
import type { LayerRule } from './layerRule.ts';
import { maskingLayers } from './masking.ts';
import { mergeLayers } from './merge.ts';
import { normalizationLayers } from './normalization.ts';
import { pointwiseLayers } from './pointwise.ts';
import { poolingLayers } from './pooling.ts';
import { recurrentLayers } from './recurrent.ts';
import { refusedLayers } from './refused.ts';
import { rescalingLayers } from './rescaling.ts';
import { resizingLayers } from './resizing.ts';
import { separableConvolutionLayers } from './separableConvolution.ts';
import { shapeLayers } from './shapes.ts';
import { softmaxLayers } from './softmax.ts';
import type { TfjsLayerClass } from './tfjsLayerClasses.ts';
import { timeDistributedLayers } from './timeDistributed.ts';
import { transposedConvolutionLayers } from './transposedConvolution.ts';

/** The rules of all families. It does not compile when a class of TensorFlow.js has none, exported or refused. */
const layerRules = {
  ...bidirectionalLayers,
  ...categoryEncodingLayers,
  ...convLstmLayers,
  ...convolutionLayers,
  ...denseLayers,
  ...dotLayers,
  ...embeddingLayers,
  ...imageLayers,
  ...maskingLayers,
  ...mergeLayers,
  ...normalizationLayers,
  ...pointwiseLayers,
  ...poolingLayers,
  ...recurrentLayers,
  ...refusedLayers,
  ...rescalingLayers,
  ...resizingLayers,
  ...separableConvolutionLayers,
  ...shapeLayers,
  ...softmaxLayers,
  ...timeDistributedLayers,
  ...transposedConvolutionLayers,
} satisfies Readonly<Record<TfjsLayerClass, LayerRule>>;

const rules = new Map<string, LayerRule>(Object.entries(layerRules));

/** The rule of a class; undefined for one that is not known. */
export function ruleOf(className: string): LayerRule | undefined {
  return rules.get(className);
}
