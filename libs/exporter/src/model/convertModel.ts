import { ModelError } from '@onda/contract';
import { LayerOptions } from '../artifacts/layerOptions.ts';
import { LayerWeights } from '../artifacts/layerWeights.ts';
import type { ModelSource } from '../artifacts/modelSource.ts';
import { isKeras, modelClasses } from '../artifacts/modelSource.ts';
import type { CallArgument, LayerOutput } from '../artifacts/layerCalls.ts';
import type { Topology, TopologyLayer } from '../artifacts/topology.ts';
import { readNestedModel } from '../artifacts/topology.ts';
import type { Weight } from '../artifacts/weights.ts';
import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { LayerCall, Mask } from '../layers/layerRule.ts';
import { checkKeys } from '../layers/layerKeys.ts';
import { ruleOf } from '../layers/registry.ts';
import type { StateKeeper } from './states.ts';
import { noStates } from './states.ts';
import { inputStream, outputStream } from './timing.ts';
import type { Signal } from './timing.ts';

/** The common inputs of all layer conversions. */
interface Conversion {
  readonly builder: GraphBuilder;
  readonly weights: ReadonlyMap<string, Weight>;
  readonly opset: number;
  readonly source: ModelSource;
  readonly states: StateKeeper;
  /** Depth of the layers before a nested model; 0 by default. */
  readonly depth?: number;
  /** Nested models so far, and how many layers their calls after the first one have added. */
  readonly nested: { readonly models: Set<Topology>; repeated: number };
  /** Adds a warning on a layer's values. */
  readonly note?: (text: string) => void;
}

/**
 * The mask that TensorFlow.js calls layers with. Once a mask exists, its executor (tfjs-layers executor.js, execute) passes the same kwargs
 * object to all later layers, so that the last mask also reaches layers whose inputs have none, nested models included. In Keras a layer
 * gets the mask of its own first input.
 */
interface PassedMask {
  shared: boolean;
  mask: Mask | null;
}

/** Records the mask of a layer's inputs: that of the first input, even if only another one has a mask. */
function updatePassedMask(passed: PassedMask, inputs: readonly Signal[]): void {
  if (inputs.every(({ mask }) => mask === null)) return;
  passed.shared = true;
  passed.mask = inputs[0].mask;
}

/** Maximum number of layers that repeated calls of nested models add: models that call each other twice double the graph with each level. */
const MAX_REPEATED_LAYERS = 20_000;

/** @throws UnsupportedError if the calls of nested models after their first ones add too many layers */
function checkRepeats({ nested }: Conversion, name: string, topology: Topology): void {
  if (!nested.models.has(topology)) {
    nested.models.add(topology);
    return;
  }
  nested.repeated += topology.layers.length;
  if (nested.repeated <= MAX_REPEATED_LAYERS) return;
  throw new UnsupportedError(
    `layer "${name}": expected repeated calls of nested models to add at most ${MAX_REPEATED_LAYERS} layers, got more; call nested models less often, or export them separately`,
  );
}

/** Maximum depth of layers; a nested model counts two more. The call stack holds twice as many. */
const MAX_DEPTH = 1500;

/**
 * Adds the nodes of a model's layers: each needed call once, in TensorFlow.js's order.
 *
 * @param inputs of the model, in its order
 * @param prefix of layer names
 * @throws ModelError for a cycle, or a reference to a missing output
 */
export function convertTopology(
  conversion: Omit<Conversion, 'source' | 'nested'> & Partial<Pick<Conversion, 'nested'>>,
  topology: Topology,
  inputs: readonly Signal[],
  prefix = '',
  passed: PassedMask = { shared: false, mask: null },
): Signal[] {
  const { nested = { models: new Set<Topology>(), repeated: 0 } } = conversion;
  const own: Conversion = { ...conversion, nested, source: topology.source };
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
        `${taker}: expected layer "${name}" with call ${call} as its input, got a model without it; save the model again`,
      );
    }
    if (begun.has(key(name, call))) {
      throw new ModelError(
        `layer "${name}": expected a model without cycles, got a layer that depends on its own output; remove the cycle`,
      );
    }
    begun.add(key(name, call));
    if (++depth > MAX_DEPTH) {
      throw new UnsupportedError(
        `layer "${name}": expected at most ${MAX_DEPTH} layers in sequence, got more; export parts of the model`,
      );
    }
    const signals: Signal[] = [];
    // TensorFlow.js visits the last input first.
    for (let index = takes.length - 1; index >= 0; index--) {
      signals.unshift(signalOf(takes[index], `layer "${name}"`));
    }
    depth--;
    if (signals.length === 0) {
      throw new ModelError(`layer "${name}": expected an input, got none; connect it to the model's inputs`);
    }
    if (layer.masked?.[call] === true && signals[0].mask === null) {
      throw new UnsupportedError(
        `layer "${name}": mask: expected the mask of its input, got another one; mask its input`,
      );
    }
    const outputs = modelClasses.has(layer.className)
      ? convertModel({ ...own, depth: depth + 2 }, layer, signals, prefix, passed)
      : convertLayer(
          own,
          { ...layer, named: layer.arguments?.[call] },
          signals,
          prefix,
          passed,
          convertModel,
        );
    known.set(key(name, call), outputs);
    return outputs;
  };

  const signalOf = ({ layer, call, output }: LayerOutput, taker: string): Signal => {
    const outputs = callOf(layer, call, taker);
    const signal = outputs.at(output);
    if (signal === undefined) {
      throw new ModelError(
        `${taker}: expected output ${output} of layer "${layer}" as its input, got a layer with ${outputs.length}; save the model again`,
      );
    }
    return signal;
  };
  return topology.outputs.map((output) => signalOf(output, 'model output'));
}

/** A nested model prefixes its layers' names. In TensorFlow.js its outputs have no mask (Container.supportsMasking). */
const convertModel: ModelConverter = (conversion, { name, className, config }, inputs, prefix, passed) => {
  const { source } = conversion;
  const topology = readNestedModel(className, config, source);
  checkRepeats(conversion, name, topology);
  if (isKeras(source)) return convertTopology(conversion, topology, inputs, `${prefix}${name}/`);
  updatePassedMask(passed, inputs);
  const signals = inputs.map((signal) => ({ ...signal, mask: null }));
  const inner = passed.shared ? passed : { shared: true, mask: null };
  const outputs = convertTopology(conversion, topology, signals, `${prefix}${name}/`, inner);
  return outputs.map((signal) => ({ ...signal, mask: null }));
};

function key(layer: string, call: number): string {
  return `${call}:${layer}`;
}

/** A layer without the inputs of its calls, with the arguments of one of them. */
interface PlainLayer extends Omit<TopologyLayer, 'calls' | 'arguments' | 'masked'> {
  readonly named?: Readonly<Record<string, CallArgument>> | undefined;
}

/** Converts a nested model. */
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
 * @param convertModel for nested models, which TimeDistributed can wrap
 * @throws UnsupportedError for a class or option that ONNX cannot express
 */
function convertLayer(
  conversion: Conversion,
  { name, className, config, named = {} }: PlainLayer,
  inputs: readonly Signal[],
  prefix: string,
  passed: PassedMask,
  convertModel: ModelConverter,
): Signal[] {
  const rule = ruleOf(className);
  if (rule === undefined) {
    throw new UnsupportedError(
      `layer "${name}": ${className} is not supported: the exporter does not know this class; use a layer listed in its README`,
    );
  }
  const options = new LayerOptions(name, config);
  checkKeys(className, options);
  const masks = inputs.map(({ mask }) => mask);
  const keras = isKeras(conversion.source);
  if (!keras) updatePassedMask(passed, inputs);
  const stream = inputStream(name, inputs);
  const call: LayerCall = {
    ...conversion,
    states: stream === 'samples' ? conversion.states : noStates,
    path: `${prefix}${name}`,
    className,
    options,
    weights: new LayerWeights(name, conversion.weights, `${prefix}${name}`),
    inputs: inputs.map(({ value }) => value),
    arguments: named,
    mask: keras ? kerasMask(conversion.source, className, masks) : passed.shared ? passed.mask : null,
    masks,
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
  // Before conversion: the reason why pieces are impossible says more than the converter's own error.
  streams(0);
  const maskRule = keras ? (rule.kerasMask ?? rule.mask) : rule.mask;
  const mask = maskRule?.(call, masks) ?? null;
  return rule.convert(call).map((value, output) => ({ value, mask, stream: streams(output) }));
}

/** The mask of the first input. Keras 3 passes none to a recurrent layer that also gets initial states. */
function kerasMask(source: ModelSource, className: string, masks: readonly (Mask | null)[]): Mask | null {
  return isKeras(source, 3) && masks.length > 1 && recurrentClasses.has(className) ? null : masks[0];
}

const recurrentClasses: ReadonlySet<string> = new Set(['Bidirectional', 'GRU', 'LSTM', 'RNN', 'SimpleRNN']);
