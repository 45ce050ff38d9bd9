import type { ElementType } from '@onda/onnx';
import { isObject, listAt } from '../artifacts/json.ts';
import { modelClasses } from '../artifacts/modelSource.ts';
import type { Topology, TopologyLayer } from '../artifacts/topology.ts';
import { readNestedModel } from '../artifacts/topology.ts';
import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Dim, Value } from '../graph/value.ts';
import type { LayerCall, LayerRule, Mask } from '../layers/layerRule.ts';

/**
 * How a value relates to sequences that come in pieces:
 *
 *   samples  axis 1 is the time that comes in pieces
 *   latest   depends on the last sample, as a recurrent layer's last output does
 *   fixed    does not depend on that time; comes whole with every piece
 */
export type Stream = 'samples' | 'latest' | 'fixed';

/** A value that flows between layers. */
export interface Signal {
  readonly value: Value;
  readonly mask: Mask | null;
  readonly stream: Stream;
}

/**
 * The common stream of a layer's inputs.
 *
 * @throws UnsupportedError for a sequence in pieces combined with a complete one
 */
export function inputStream(layer: string, inputs: readonly Signal[]): Stream {
  if (!inputs.some(({ stream }) => stream === 'samples')) {
    return inputs.some(({ stream }) => stream === 'latest') ? 'latest' : 'fixed';
  }
  const odd = inputs.find(({ stream, value: { shape } }) => {
    // A fixed value that broadcasts along time applies to every sample.
    const stretched = shape.length < 3 || shape[1] === 1;
    return stream === 'latest' ? shape.length > 2 : stream === 'fixed' && !stretched;
  });
  if (odd === undefined) return 'samples';
  throw new UnsupportedError(
    `layer "${layer}": it combines a sequence that comes in pieces with a whole one, [${odd.value.shape.join(', ')}]; export without stateful`,
  );
}

/** @throws UnsupportedError when pieces give other values than the whole sequence */
export function outputStream(call: LayerCall, rule: LayerRule, stream: Stream, output: number): Stream {
  if (stream !== 'samples') return stream;
  const timing = rule.timing(call, output);
  if (typeof timing === 'string') return timing;
  throw new UnsupportedError(
    `layer "${call.options.layer}": ${timing.mixes}, so a sequence cannot come in pieces; export without stateful`,
  );
}

/**
 * Whether axis 1 of an input is time: it has features after it, or feeds an Embedding. A single word is not a sequence.
 *
 * @param shape of the input, with the batch
 */
function isSequence(topology: Topology, name: string, shape: readonly unknown[]): boolean {
  return shape.length > 2 || (shape.length === 2 && shape[1] !== 1 && feedsEmbedding(topology, name));
}

/** A layer that takes another one's output, and as which input. */
interface Taker {
  readonly layer: TopologyLayer;
  readonly place: number;
}

/** The takers of each layer by name, once for each topology. */
const takersOf = new WeakMap<Topology, ReadonlyMap<string, readonly Taker[]>>();

function takers(topology: Topology, name: string): readonly Taker[] {
  let all = takersOf.get(topology);
  if (all === undefined) {
    const found = new Map<string, Taker[]>();
    for (const layer of topology.layers) {
      for (const { layer: taken, place } of firstPlaces(layer)) {
        const known = found.get(taken);
        if (known === undefined) found.set(taken, [{ layer, place }]);
        else known.push({ layer, place });
      }
    }
    all = found;
    takersOf.set(topology, all);
  }
  return all.get(name) ?? [];
}

/** The layers that a layer takes, with their first place among its inputs. */
function firstPlaces({ calls }: TopologyLayer): { layer: string; place: number }[] {
  const places = new Map<string, number>();
  for (const takes of calls) {
    for (const [place, { layer }] of takes.entries()) if (!places.has(layer)) places.set(layer, place);
  }
  return Array.from(places, ([layer, place]) => ({ layer, place }));
}

function feedsEmbedding(topology: Topology, name: string): boolean {
  return takers(topology, name).some(({ layer: { className, config }, place }) => {
    if (className === 'Embedding') return true;
    if (!modelClasses.has(className) || !isObject(config)) return false;
    const inner = readNestedModel(className, config, topology.source);
    return feedsEmbedding(inner, inner.inputs[place].layer);
  });
}

const elementTypes = new Map<string, ElementType>([
  ['float32', 'float32'],
  ['int32', 'int32'],
  // int32 holds every index of an Embedding.
  ['int64', 'int32'],
]);

/**
 * Adds a model's inputs to the graph, with their names.
 *
 * @param inPieces whether sequences come in pieces: their time is open then, even if the model fixes it
 */
export function graphInputs(builder: GraphBuilder, topology: Topology, inPieces: boolean): Signal[] {
  const { layers, inputs } = topology;
  const names = new Set<Dim>();
  const configs = new Map(layers.map((layer) => [layer.name, layer.config]));
  return inputs.map(({ layer: name }) => {
    const config = configs.get(name);
    const where = `layer "${name}"`;
    const given = listAt(
      config?.['batch_input_shape'] ?? config?.['batch_shape'],
      `${where}: batch_input_shape`,
    );
    const dtype = config?.['dtype'] ?? 'float32';
    const type = typeof dtype === 'string' ? elementTypes.get(dtype) : undefined;
    if (type === undefined) {
      throw new UnsupportedError(
        `${where}: inputs of type ${JSON.stringify(dtype)} are not supported; use float32 or int32`,
      );
    }
    for (const form of ['sparse', 'ragged']) {
      if (config?.[form] === true) {
        throw new UnsupportedError(`${where}: ${form}: expected false, got true; use dense inputs`);
      }
    }
    const pieces = inPieces && isSequence(topology, name, given);
    const shape = given.map((dim, axis): Dim => {
      if (axis === 0) return 'batch';
      if (typeof dim === 'number' && !(pieces && axis === 1)) return dim;
      // Inputs may differ in length, so only the first is named "time".
      if (axis === 1 && !names.has('time')) return 'time';
      return axis === 1 ? `${name}/time` : `${name}/dim:${axis}`;
    });
    for (const dim of shape) names.add(dim);
    const value = builder.input(name, type, shape);
    return { value, mask: null, stream: pieces ? 'samples' : 'fixed' };
  });
}
