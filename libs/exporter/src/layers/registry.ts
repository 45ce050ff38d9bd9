import { bidirectionalLayers } from './bidirectional.ts';
import { categoryEncodingLayers } from './categoryEncoding.ts';
import { convolutionLayers } from './convolution.ts';
import { denseLayers } from './dense.ts';
import { dotLayers } from './dot.ts';
import { embeddingLayers } from './embedding.ts';
import { imageLayers } from './image.ts';
import type { LayerClass } from './layerClasses.ts';
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
import { timeDistributedLayers } from './timeDistributed.ts';
import { transposedConvolutionLayers } from './transposedConvolution.ts';

/** The rule of each class of layers. A class without one, or a rule without a class, does not compile. */
export const layerRules: Readonly<Record<LayerClass, LayerRule>> = {
  ...bidirectionalLayers,
  ...categoryEncodingLayers,
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
};

/** The rule of a class; undefined for one that is not known. */
export function ruleOf(className: string): LayerRule | undefined {
  return Object.hasOwn(layerRules, className) ? layerRules[className as LayerClass] : undefined;
}
