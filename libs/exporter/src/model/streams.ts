import { isObject } from '../artifacts/json.ts';
import { modelClasses, readModelConfig } from '../artifacts/readTopology.ts';
import type { Topology } from '../artifacts/topology.ts';
import { UnsupportedError } from '../errors.ts';
import type { LayerCall } from '../layers/layerCall.ts';
import type { LayerRule } from '../layers/layerRule.ts';
import type { Signal, Stream } from './signal.ts';

/**
 * What a layer's inputs are together.
 *
 * @throws UnsupportedError when one comes in pieces beside one that goes along with all samples but is another in each piece
 */
export function inputStream(layer: string, inputs: readonly Signal[]): Stream {
  if (!inputs.some(({ stream }) => stream === 'samples')) {
    return inputs.some(({ stream }) => stream === 'latest') ? 'latest' : 'fixed';
  }
  const odd = inputs.find(({ stream, value: { shape } }) => {
    // A fixed value goes with every sample when it is stretched along time.
    const stretched = shape.length < 3 || shape[1] === 1;
    return stream === 'latest' ? shape.length > 2 : stream === 'fixed' && !stretched;
  });
  if (odd === undefined) return 'samples';
  throw new UnsupportedError(
    `layer "${layer}": it joins a sequence that comes in pieces with one that comes whole, [${odd.value.shape.join(', ')}]; export without stateful`,
  );
}

/** @throws UnsupportedError when samples that come in pieces give something else than all of them at once */
export function outputStream(call: LayerCall, rule: LayerRule, stream: Stream, output: number): Stream {
  if (stream !== 'samples') return stream;
  const timing = rule.timing(call, output);
  if (typeof timing === 'string') return timing;
  throw new UnsupportedError(
    `layer "${call.options.layer}": ${timing.mixes}, so a sequence cannot come in pieces; export without stateful`,
  );
}

/**
 * Whether an input's axis 1 is time: it has features behind it, or it is words for an Embedding. One word alone is none.
 *
 * @param shape of the input, with the batch
 */
export function isSequence(topology: Topology, name: string, shape: readonly unknown[]): boolean {
  return shape.length > 2 || (shape.length === 2 && shape[1] !== 1 && feedsEmbedding(topology, name));
}

function feedsEmbedding({ layers }: Topology, name: string): boolean {
  return layers.some(({ className, config, calls }) => {
    const place = calls
      .flatMap((takes) => takes.findIndex(({ layer }) => layer === name))
      .find((at) => at >= 0);
    if (place === undefined) return false;
    if (className === 'Embedding') return true;
    if (!modelClasses.has(className) || !isObject(config)) return false;
    const inner = readModelConfig(className, config);
    return feedsEmbedding(inner, inner.inputs[place].layer);
  });
}
