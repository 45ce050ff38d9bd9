import { activationLayers } from './activationLayers.ts';
import { attentionLayers } from './attention.ts';
import { bidirectionalLayers } from './bidirectional.ts';
import { convLstmLayers } from './convLstm.ts';
import { convolutionLayers } from './convolution.ts';
import { coreLayers } from './core.ts';
import { imageLayers } from './images.ts';
import type { LayerRule } from './layerRule.ts';
import { maskingLayers } from './masks.ts';
import { mergingLayers } from './merging.ts';
import { normalizationLayers } from './normalization.ts';
import { operationLayers } from './operations.ts';
import { paddingLayers } from './padding.ts';
import { poolingLayers } from './pooling.ts';
import { preprocessingLayers } from './preprocessing.ts';
import { recurrentLayers } from './recurrent.ts';
import { reshapingLayers } from './reshaping.ts';
import { timeDistributedLayers } from './timeDistributed.ts';

const rules = new Map<string, LayerRule>(
  Object.entries({
    ...activationLayers,
    ...attentionLayers,
    ...bidirectionalLayers,
    ...convLstmLayers,
    ...convolutionLayers,
    ...coreLayers,
    ...imageLayers,
    ...maskingLayers,
    ...mergingLayers,
    ...normalizationLayers,
    ...operationLayers,
    ...paddingLayers,
    ...poolingLayers,
    ...preprocessingLayers,
    ...recurrentLayers,
    ...reshapingLayers,
    ...timeDistributedLayers,
  }),
);

/** The rule of a layer class; undefined for an unknown class. */
export function ruleOf(className: string): LayerRule | undefined {
  return rules.get(className);
}
