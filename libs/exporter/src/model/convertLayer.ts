import { LayerOptions } from '../artifacts/layerOptions.ts';
import { LayerWeights } from '../artifacts/layerWeights.ts';
import { modelClasses } from '../artifacts/readTopology.ts';
import type { TopologyLayer } from '../artifacts/topology.ts';
import { UnsupportedError } from '../errors.ts';
import type { LayerCall } from '../layers/layerCall.ts';
import { ruleOf } from '../layers/registry.ts';
import type { Conversion, PassedMask, Signal } from './signal.ts';
import { takeMask } from './signal.ts';
import { noStates } from './stateKeeper.ts';
import { inputStream, outputStream } from './streams.ts';

/** A layer, without what its calls take. */
export type PlainLayer = Omit<TopologyLayer, 'calls'>;

/** Converts a model that is a layer. */
export type ModelConverter = (
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
export function convertLayer(
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
  takeMask(passed, inputs);
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
