import { ModelError } from '@onda/contract';
import { UnsupportedError } from '../errors.ts';
import type { JsonObject } from './json.ts';
import { isObject, listAt, objectAt, textAt } from './json.ts';
import { fromKeras3, maskOf, maskOperations } from './keras3.ts';
import { isOperation, operationConfig } from './kerasOperations.ts';
import type { CallArgument, LayerOutput } from './layerCalls.ts';
import { CallReader, readOutputs } from './layerCalls.ts';
import type { ModelSource } from './modelSource.ts';
import { isKeras, modelClasses, modelOf, readSource } from './modelSource.ts';

/** A layer: class, options, and the inputs of each call. */
export interface TopologyLayer {
  readonly name: string;
  readonly className: string;
  /** Options with Python's names: `return_sequences`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly calls: readonly (readonly LayerOutput[])[];
  /** For each call, its arguments by name. */
  readonly arguments?: readonly Readonly<Record<string, CallArgument>>[];
  /** For each call, whether Keras 3 passes it a mask as an argument. */
  readonly masked?: readonly boolean[];
}

/** A model as a graph of layers. */
export interface Topology {
  readonly name: string;
  readonly source: ModelSource;
  readonly layers: readonly TopologyLayer[];
  readonly inputs: readonly LayerOutput[];
  readonly outputs: readonly LayerOutput[];
}

/**
 * Reads the topology of a layers model made by TensorFlow.js or converted from Keras 2 or 3.
 *
 * @param modelTopology parsed JSON: `{class_name, config}`, or that inside `model_config`
 * @throws ModelError for anything else
 */
export function readTopology(modelTopology: unknown): Topology {
  const root = objectAt(modelTopology, 'the document');
  const model = modelOf(root);
  return readModelConfig(textAt(model['class_name'], 'class_name'), model['config'], readSource(root, model));
}

/** Topologies of nested models by their config, since a model may be called often. */
const nestedTopologies = new WeakMap<object, Topology>();

/** Reads the config of a nested model of that class, once. */
export function readNestedModel(className: string, config: object, source: ModelSource): Topology {
  const known = nestedTopologies.get(config);
  if (known !== undefined) return known;
  const topology = readModelConfig(className, config, source);
  nestedTopologies.set(config, topology);
  return topology;
}

/** Reads the config of a model or nested model of that class. */
export function readModelConfig(className: string, config: unknown, source: ModelSource): Topology {
  if (className === 'Sequential') return readSequential(config, source);
  if (modelClasses.has(className)) return readFunctional(objectAt(config, 'config'), source);
  throw new UnsupportedError(
    `model topology: expected a Sequential, Model or Functional model, got ${className}; build it from layers`,
  );
}

/** A chain of layers; a missing InputLayer is added. */
function readSequential(config: unknown, source: ModelSource): Topology {
  const listed = Array.isArray(config)
    ? config
    : listAt(objectAt(config, 'config')['layers'], 'config.layers');
  const name = isObject(config) && typeof config['name'] === 'string' ? config['name'] : 'sequential';
  const layers: TopologyLayer[] = [];
  listed.forEach((value: unknown, index) => {
    const layer = readLayer(objectAt(value, `layer ${index}`), `layer ${index}`, source);
    if (index === 0 && layer.className !== 'InputLayer') {
      layers.push(madeInput(`${layer.name}_input`, layer));
    }
    const before = layers.at(-1);
    layers.push({ ...layer, calls: [before === undefined ? [] : [firstOutput(before.name)]] });
  });
  const [first] = layers;
  const last = layers.at(-1);
  if (last === undefined || layers.length < 2) {
    throw new ModelError(
      `model topology: expected at least one layer in "${name}", got none; add layers to the model`,
    );
  }
  checkUnique(layers);
  return { name, source, layers, inputs: [firstOutput(first.name)], outputs: [firstOutput(last.name)] };
}

function madeInput(name: string, first: Omit<TopologyLayer, 'calls'>): TopologyLayer {
  const config = shapedConfig(first.className, first.config);
  if (config === undefined) {
    throw new ModelError(
      `layer "${first.name}": expected batch_input_shape on the first layer, got none; give it an inputShape and save the model again`,
    );
  }
  const { batch_input_shape, dtype = 'float32' } = config;
  return { name, className: 'InputLayer', config: { batch_input_shape, dtype }, calls: [[]] };
}

/** The options that hold the input shape: the layer's own, or those of the first layer of a nested Sequential model. */
function shapedConfig(className: string, config: JsonObject): JsonObject | undefined {
  let [name, options] = [className, config];
  while (!Array.isArray(options['batch_input_shape'])) {
    const inner = name === 'Sequential' ? options['layers'] : undefined;
    const first: unknown = Array.isArray(inner) ? inner[0] : undefined;
    if (!isObject(first) || !isObject(first['config'])) return undefined;
    [name, options] = [String(first['class_name']), first['config']];
  }
  return options;
}

function readFunctional(config: JsonObject, source: ModelSource): Topology {
  const given = listAt(config['layers'], 'config.layers');
  const masks = isKeras(source, 3) ? maskOperations(given) : new Set<string>();
  // Masks follow from the layers.
  const kept = given.filter((value) => !(isObject(value) && masks.has(String(value['name']))));
  const names = new Set(kept.filter(isObject).map(({ name }) => String(name)));
  const layers = kept.map((value, index): TopologyLayer => {
    const where = `layer ${index}`;
    const object = objectAt(value, where);
    const layer = readLayer(object, where, source);
    const inbound = listAt(object['inbound_nodes'], `layer "${layer.name}": inbound_nodes`);
    const reader = new CallReader(layer.className, layer.name, names, masks);
    const read = inbound.map((call) => reader.read(call));
    const calls = read.map(({ inputs }) => inputs);
    const named = read.map((call) => call.named);
    const masked = inbound.map((call) => maskOf(call) !== null);
    return {
      ...layer,
      calls: calls.length === 0 ? [[]] : calls,
      ...(named.some((one) => Object.keys(one).length > 0) && { arguments: named }),
      ...(masked.includes(true) && { masked }),
    };
  });
  checkUnique(layers);
  return countedFromFirst({
    name: typeof config['name'] === 'string' ? config['name'] : 'model',
    source,
    layers,
    inputs: readOutputs(config['input_layers'], 'config.input_layers'),
    outputs: readOutputs(config['output_layers'], 'config.output_layers'),
  });
}

/**
 * Keras and TensorFlow.js count the call that created a nested model but do not list it, so references to its
 * calls start at 1 (Keras' Container.get_config, kept_nodes).
 */
function countedFromFirst(topology: Topology): Topology {
  const counted = new Set(
    topology.layers.filter(({ className }) => modelClasses.has(className)).map(({ name }) => name),
  );
  const uses = [...topology.outputs, ...topology.layers.flatMap(({ calls }) => calls.flat())];
  for (const { layer, call } of uses) if (call === 0) counted.delete(layer);
  if (counted.size === 0) return topology;
  const shift = (output: LayerOutput): LayerOutput =>
    counted.has(output.layer) ? { ...output, call: output.call - 1 } : output;
  return {
    ...topology,
    layers: topology.layers.map((layer) => ({ ...layer, calls: layer.calls.map((call) => call.map(shift)) })),
    outputs: topology.outputs.map(shift),
  };
}

function readLayer(layer: JsonObject, where: string, source: ModelSource): Omit<TopologyLayer, 'calls'> {
  const className = textAt(layer['class_name'], `${where}: class_name`);
  const config = layer['config'];
  if (isOperation(layer, isKeras(source, 3))) {
    const name = textAt(layer['name'], `${where}: name`);
    return { name, className: 'Operation', config: operationConfig(fromKeras3(layer)) };
  }
  if (className === 'Sequential' && Array.isArray(config)) {
    return { name: textAt(layer['name'] ?? where, where), className, config: { layers: config } };
  }
  const options = objectAt(config, `${where}: config`);
  const name = textAt(layer['name'] ?? options['name'], `${where}: name`);
  // The layers of a nested model are converted when it is read.
  return {
    name,
    className,
    config: modelClasses.has(className) || !isKeras(source, 3) ? options : fromKeras3(options),
  };
}

function firstOutput(layer: string): LayerOutput {
  return { layer, call: 0, output: 0 };
}

function checkUnique(layers: readonly TopologyLayer[]): void {
  const names = new Set<string>();
  for (const { name } of layers) {
    if (names.has(name)) {
      throw new ModelError(
        `layer "${name}": expected layer names to be unique, got it twice; rename one of them`,
      );
    }
    names.add(name);
  }
}
