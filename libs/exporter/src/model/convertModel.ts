import { ModelError } from '@onda/contract';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import { LayerWeights } from '../artifacts/layerWeights.ts';
import type { LayerOutput, Topology, TopologyLayer } from '../artifacts/topology.ts';
import { modelClasses, readModelConfig } from '../artifacts/topology.ts';
import type { Weight } from '../artifacts/weights.ts';
import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall, Mask } from '../layers/layerRule.ts';
import { ruleOf } from '../layers/registry.ts';
import type { StateKeeper } from './states.ts';
import { noStates } from './states.ts';
import { inputStream, outputStream } from './timing.ts';

/** What all layers of a model are converted with. */
interface Conversion {
  readonly builder: GraphBuilder;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly opset: number;
  readonly states: StateKeeper;
  /** How many layers a model inside is behind; none when left out. */
  readonly depth?: number;
  /** Takes a sentence on what a person should know of a layer's values. */
  readonly note?: (text: string) => void;
}

/**
 * What a value is when sequences come in pieces:
 *
 *   samples  axis 1 is the time that comes in pieces
 *   latest   it follows from the last sample, as a recurrent layer's last output does
 *   fixed    it has nothing to do with that time, and comes whole with every piece
 */
export type Stream = 'samples' | 'latest' | 'fixed';

/** A value on its way from layer to layer. */
export interface Signal {
  readonly value: Value;
  readonly mask: Mask | null;
  readonly stream: Stream;
}

/**
 * The mask that TensorFlow.js calls layers with. Its executor (tfjs-layers executor.js, execute) hands one object of arguments to layer
 * after layer once a mask has come up, so that the last mask also reaches layers after it whose inputs have none; and into models that are
 * layers.
 */
interface PassedMask {
  shared: boolean;
  mask: Mask | null;
}

/** Notes the mask that comes up with a layer's inputs: that of the first one, also when only another has one. */
function updatePassedMask(passed: PassedMask, inputs: readonly Signal[]): void {
  if (inputs.every(({ mask }) => mask === null)) return;
  passed.shared = true;
  passed.mask = inputs[0].mask;
}

/** Layers behind one another that a model can have; a model inside counts for two more. The stack of calls holds twice as many. */
const MAX_DEPTH = 1500;

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
    if (++depth > MAX_DEPTH) {
      throw new UnsupportedError(
        `layer "${name}": expected at most ${MAX_DEPTH} layers one behind the other, got more; export parts of the model`,
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
  updatePassedMask(passed, inputs);
  const signals = inputs.map((signal) => ({ ...signal, mask: null }));
  const inner = passed.shared ? passed : { shared: true, mask: null };
  const topology = readModelConfig(className, config);
  const outputs = convertTopology(conversion, topology, signals, `${prefix}${name}/`, inner);
  return outputs.map((signal) => ({ ...signal, mask: null }));
};

function key(layer: string, call: number): string {
  return `${call}:${layer}`;
}

/** A layer, without what its calls take. */
type PlainLayer = Omit<TopologyLayer, 'calls'>;

/** Converts a model that is a layer. */
type ModelConverter = (
  conversion: Conversion,
  layer: PlainLayer,
  inputs: readonly Signal[],
  prefix: string,
  passed: PassedMask,
) => Signal[];

/**
 * Adds the nodes of one call of a layer.
 *
 * @param convertModel for a model inside the layer, as TimeDistributed can have it
 * @throws UnsupportedError for a class, or an option of one, that ONNX cannot say
 */
function convertLayer(
  conversion: Conversion,
  { name, className, config }: PlainLayer,
  inputs: readonly Signal[],
  prefix: string,
  passed: PassedMask,
  convertModel: ModelConverter,
): Signal[] {
  const rule = ruleOf(className);
  if (rule === undefined) {
    throw new UnsupportedError(
      `layer "${name}": ${className} is not supported: it is not a layer that the exporter knows; take one of those in its README`,
    );
  }
  const masks = inputs.map(({ mask }) => mask);
  updatePassedMask(passed, inputs);
  const stream = inputStream(name, inputs);
  const call: LayerCall = {
    ...conversion,
    states: stream === 'samples' ? conversion.states : noStates,
    path: `${prefix}${name}`,
    className,
    options: new LayerOptions(name, config),
    weights: new LayerWeights(name, conversion.weights),
    inputs: inputs.map(({ value }) => value),
    mask: passed.shared ? passed.mask : null,
    note: conversion.note ?? (() => undefined),
    convertInner: (innerClass, inner) => {
      const layer = { className: innerClass, name: inner.name, config: inner.config };
      const whole = { ...conversion, states: noStates };
      const signals = inner.inputs.map((value) => ({ value, mask: null, stream: 'fixed' as const }));
      const outputs = modelClasses.has(innerClass)
        ? convertModel(whole, layer, signals, prefix, passed)
        : convertLayer(whole, layer, signals, prefix, passed, convertModel);
      return outputs.map(({ value }) => value);
    },
  };
  const streams = (output: number): Signal['stream'] => outputStream(call, rule, stream, output);
  // Before its nodes are added: a reason why samples cannot come in pieces tells more than what a converter misses then.
  streams(0);
  const mask = rule.mask?.(call, masks) ?? null;
  return rule.convert(call).map((value, output) => ({ value, mask, stream: streams(output) }));
}
