import { ModelError } from '@onda/contract';
import type { Weight } from '../artifacts/readWeights.ts';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import { LayerWeights } from '../artifacts/layerWeights.ts';
import { modelClasses, readModelConfig } from '../artifacts/readTopology.ts';
import type { LayerOutput, Topology, TopologyLayer } from '../artifacts/topology.ts';
import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import { converters } from '../layers/converters.ts';
import type { LayerClass } from '../layers/layerClasses.ts';
import { layerClasses, refusedClasses } from '../layers/layerClasses.ts';
import type { StateKeeper } from './stateKeeper.ts';

/** What all layers of a model are converted with. */
export interface Conversion {
  readonly builder: GraphBuilder;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly opset: number;
  readonly states: StateKeeper;
}

/**
 * Adds the nodes of a model's layers, each call once, those that the outputs need.
 *
 * @param inputs of the model, in its order
 * @param prefix comes before the names of layers
 * @throws ModelError for layers in a circle, or one that takes what is not there
 */
export function convertTopology(
  conversion: Conversion,
  topology: Topology,
  inputs: readonly Value[],
  prefix = '',
): Value[] {
  const layers = new Map(topology.layers.map((layer) => [layer.name, layer]));
  const known = new Map<string, readonly Value[]>();
  const begun = new Set<string>();
  topology.inputs.forEach(({ layer, call }, index) => known.set(key(layer, call), [inputs[index]]));

  const callOf = (name: string, call: number, taker: string): readonly Value[] => {
    const done = known.get(key(name, call));
    if (done !== undefined) return done;
    const layer = layers.get(name);
    const takes = layer?.calls.at(call);
    if (layer === undefined || takes === undefined || layer.className === 'InputLayer') {
      throw new ModelError(
        `${taker}: takes output of layer "${name}" (call ${call}), which the model does not have; save the model again`,
      );
    }
    if (begun.has(key(name, call))) {
      throw new ModelError(
        `layer "${name}": its input depends on its own output; a model cannot go in a circle`,
      );
    }
    begun.add(key(name, call));
    const values = takes.map((output) => valueOf(output, `layer "${name}"`));
    if (values.length === 0) {
      throw new ModelError(`layer "${name}": expected an input, got none; connect it to the model's inputs`);
    }
    const outputs = convertLayer(conversion, layer, values, prefix);
    known.set(key(name, call), outputs);
    return outputs;
  };

  const valueOf = ({ layer, call, output }: LayerOutput, taker: string): Value => {
    const outputs = callOf(layer, call, taker);
    const value = outputs.at(output);
    if (value === undefined) {
      throw new ModelError(
        `${taker}: takes output ${output} of layer "${layer}", which has ${outputs.length}; save the model again`,
      );
    }
    return value;
  };
  return topology.outputs.map((output) => valueOf(output, 'model output'));
}

function key(layer: string, call: number): string {
  return `${call}:${layer}`;
}

function convertLayer(
  conversion: Conversion,
  { name, className, config }: Omit<TopologyLayer, 'calls'>,
  inputs: readonly Value[],
  prefix: string,
): readonly Value[] {
  const path = `${prefix}${name}`;
  if (modelClasses.has(className)) {
    return convertTopology(conversion, readModelConfig(className, config), inputs, `${path}/`);
  }
  if (!isLayerClass(className)) {
    const reason =
      refusedClasses[className] ??
      'it is not a layer that the exporter knows; take one of those in its README';
    throw new UnsupportedError(`layer "${name}": ${className} is not supported: ${reason}`);
  }
  return converters[className]({
    ...conversion,
    path,
    className,
    options: new LayerOptions(name, config),
    weights: new LayerWeights(name, conversion.weights),
    inputs,
    convertInner: (innerClass, inner) =>
      convertLayer(
        conversion,
        { className: innerClass, name: inner.name, config: inner.config },
        inner.inputs,
        prefix,
      ),
  });
}

function isLayerClass(className: string): className is LayerClass {
  return (layerClasses as readonly string[]).includes(className);
}
