import { ModelError } from '@onda/contract';
import { modelClasses, readModelConfig } from '../artifacts/readTopology.ts';
import type { LayerOutput, Topology } from '../artifacts/topology.ts';
import { UnsupportedError } from '../errors.ts';
import type { ModelConverter } from './convertLayer.ts';
import { convertLayer } from './convertLayer.ts';
import type { Conversion, PassedMask, Signal } from './signal.ts';
import { takeMask } from './signal.ts';

/** Layers behind one another that a model can have; a model inside counts for two more. The stack of calls holds twice as many. */
const deepest = 1500;

/**
 * Adds the nodes of a model's layers, each call once, those that the outputs need, in the order in which TensorFlow.js runs them.
 *
 * @param inputs of the model, in its order
 * @param prefix comes before the names of layers
 * @throws ModelError for layers in a circle, or one that takes what is not there
 */
export function convertTopology(
  conversion: Conversion,
  topology: Topology,
  inputs: readonly Signal[],
  prefix = '',
  passed: PassedMask = { shared: false, mask: null },
): Signal[] {
  const layers = new Map(topology.layers.map((layer) => [layer.name, layer]));
  const known = new Map<string, readonly Signal[]>();
  const begun = new Set<string>();
  let { depth = 0 } = conversion;
  topology.inputs.forEach(({ layer, call }, index) => known.set(key(layer, call), [inputs[index]]));

  const callOf = (name: string, call: number, taker: string): readonly Signal[] => {
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
    if (++depth > deepest) {
      throw new UnsupportedError(
        `layer "${name}": expected at most ${deepest} layers one behind the other, got more; export parts of the model`,
      );
    }
    const signals: Signal[] = [];
    // TensorFlow.js comes to the last input first.
    for (let index = takes.length - 1; index >= 0; index--) {
      signals.unshift(signalOf(takes[index], `layer "${name}"`));
    }
    depth--;
    if (signals.length === 0) {
      throw new ModelError(`layer "${name}": expected an input, got none; connect it to the model's inputs`);
    }
    const outputs = modelClasses.has(layer.className)
      ? convertModel({ ...conversion, depth: depth + 2 }, layer, signals, prefix, passed)
      : convertLayer(conversion, layer, signals, prefix, passed, convertModel);
    known.set(key(name, call), outputs);
    return outputs;
  };

  const signalOf = ({ layer, call, output }: LayerOutput, taker: string): Signal => {
    const outputs = callOf(layer, call, taker);
    const signal = outputs.at(output);
    if (signal === undefined) {
      throw new ModelError(
        `${taker}: takes output ${output} of layer "${layer}", which has ${outputs.length}; save the model again`,
      );
    }
    return signal;
  };
  return topology.outputs.map((output) => signalOf(output, 'model output'));
}

/** A model that is a layer: its layers' names stand behind its own. What comes out of it has no mask (Container.supportsMasking). */
const convertModel: ModelConverter = (conversion, { name, className, config }, inputs, prefix, passed) => {
  takeMask(passed, inputs);
  const signals = inputs.map((signal) => ({ ...signal, mask: null }));
  const inner = passed.shared ? passed : { shared: true, mask: null };
  const topology = readModelConfig(className, config);
  const outputs = convertTopology(conversion, topology, signals, `${prefix}${name}/`, inner);
  return outputs.map((signal) => ({ ...signal, mask: null }));
};

function key(layer: string, call: number): string {
  return `${call}:${layer}`;
}
