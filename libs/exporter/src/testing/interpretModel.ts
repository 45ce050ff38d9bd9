import { LayerWeights } from '../artifacts/layerWeights.ts';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import type { CallArgument, LayerOutput } from '../artifacts/layerCalls.ts';
import type { Topology } from '../artifacts/topology.ts';
import { readModelConfig, readTopology } from '../artifacts/topology.ts';
import { isKeras, modelClasses } from '../artifacts/modelSource.ts';
import type { Weight } from '../artifacts/weights.ts';
import { readWeights } from '../artifacts/weights.ts';
import { UnsupportedError } from '../errors.ts';
import { interpreterOf } from './interpretLayers.ts';
import type { InterpretedCall, Masked } from './interpretMerging.ts';
import type { Tensor64 } from './tensors.ts';

/** An input of a Keras model. */
export interface InterpretedInput {
  readonly name: string;
  /** With the batch; null for open dims. */
  readonly shape: readonly (number | null)[];
  /** Number of words of the Embedding layer that reads the input; null for other inputs. */
  readonly words: number | null;
}

/** A Keras model that runs in double precision. */
export interface InterpretedModel {
  readonly inputs: readonly InterpretedInput[];
  /** @param inputs in the model's order; returns its outputs */
  run(inputs: readonly Tensor64[]): Tensor64[];
}

/** Whether a model was made by Keras, whose values TensorFlow.js may not give. */
export function isKerasModel({ modelTopology }: LayersArtifacts): boolean {
  return isKeras(readTopology(modelTopology).source);
}

/**
 * The reference interpreter of Keras models: Keras' definitions of its layers, evaluated in double precision.
 *
 * @throws UnsupportedError for a model of TensorFlow.js, whose reference is TensorFlow.js; `run` throws it for an unknown layer
 */
export function interpretModel(artifacts: LayersArtifacts): InterpretedModel {
  const topology = readTopology(artifacts.modelTopology);
  if (!isKeras(topology.source)) {
    throw new UnsupportedError(
      `model "${topology.name}": the reference interpreter expects a Keras model, got one of TensorFlow.js; compare it with TensorFlow.js`,
    );
  }
  const weights = readWeights(artifacts, { allowNan: true });
  return {
    inputs: topology.inputs.map(({ layer }) => inputOf(topology, layer)),
    run: (inputs) =>
      runTopology(
        topology,
        weights,
        inputs.map((value) => ({ value, mask: null })),
      ).map(({ value }) => value),
  };
}

function inputOf({ layers }: Topology, name: string): InterpretedInput {
  const config = layers.find((layer) => layer.name === name)?.config;
  const shape = (config?.['batch_input_shape'] ?? config?.['batch_shape'] ?? []) as (number | null)[];
  const readers = layers.filter(({ calls }) => calls.flat().some(({ layer }) => layer === name));
  const words = readers.flatMap(({ className, config: own }) =>
    className === 'Embedding' ? [Number(own['input_dim'])] : [],
  );
  return { name, shape, words: words.length === 0 ? null : Math.min(...words) };
}

function runTopology(
  topology: Topology,
  weights: ReadonlyMap<string, Weight>,
  inputs: readonly Masked[],
  prefix = '',
): Masked[] {
  const layers = new Map(topology.layers.map((layer) => [layer.name, layer]));
  const known = new Map(topology.inputs.map(({ layer }, index) => [`0:${layer}`, [inputs[index]]]));
  const resultOf = ({ layer: name, call, output }: LayerOutput): Masked => {
    const key = `${call}:${name}`;
    const layer = layers.get(name);
    if (!known.has(key) && layer !== undefined) {
      const given = layer.calls[call].map(resultOf);
      known.set(
        key,
        runLayer(topology, weights, { ...layer, named: layer.arguments?.[call] }, given, prefix),
      );
    }
    return (known.get(key) as Masked[])[output];
  };
  return topology.outputs.map(resultOf);
}

interface RunLayer extends Pick<InterpretedCall, 'className' | 'name' | 'config'> {
  readonly named?: Readonly<Record<string, CallArgument>> | undefined;
}

function runLayer(
  { source }: Topology,
  weights: ReadonlyMap<string, Weight>,
  { className, name, config, named = {} }: RunLayer,
  inputs: readonly Masked[],
  prefix: string,
): Masked[] {
  if (modelClasses.has(className))
    return runTopology(readModelConfig(className, config, source), weights, inputs, `${prefix}${name}/`);
  const call: InterpretedCall = {
    className,
    name,
    config,
    source,
    inputs,
    arguments: named,
    weights: new LayerWeights(name, weights, `${prefix}${name}`),
    inner: (innerClass, innerConfig, value) => {
      const layer = { className: innerClass, name, config: innerConfig };
      const topology = { source } as Topology;
      return runLayer(topology, weights, layer, [{ value, mask: null }], prefix)[0].value;
    },
  };
  return interpreterOf(call)(call);
}
