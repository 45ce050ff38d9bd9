import type { ElementType } from '@onda/onnx';
import { listAt } from '../artifacts/json.ts';
import type { Topology } from '../artifacts/topology.ts';
import { UnsupportedError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Dim } from '../graph/value.ts';
import type { Signal } from './signal.ts';
import { isSequence } from './streams.ts';

const elementTypes = new Map<string, ElementType>([
  ['float32', 'float32'],
  ['int32', 'int32'],
]);

/**
 * A model's inputs as inputs of the graph, named as they are.
 *
 * @param inPieces whether sequences come in pieces: their time is left open then, also where the model fixes it
 */
export function graphInputs(builder: GraphBuilder, topology: Topology, inPieces: boolean): Signal[] {
  const { layers, inputs } = topology;
  const names = new Set<Dim>();
  return inputs.map(({ layer: name }) => {
    const config = layers.find((layer) => layer.name === name)?.config;
    const where = `layer "${name}"`;
    const given = listAt(
      config?.['batch_input_shape'] ?? config?.['batch_shape'],
      `${where}: batch_input_shape`,
    );
    const dtype = config?.['dtype'] ?? 'float32';
    const type = typeof dtype === 'string' ? elementTypes.get(dtype) : undefined;
    if (type === undefined) {
      throw new UnsupportedError(
        `${where}: inputs of type ${JSON.stringify(dtype)} are not supported; take float32 or int32`,
      );
    }
    const pieces = inPieces && isSequence(topology, name, given);
    const shape = given.map((dim, axis): Dim => {
      if (axis === 0) return 'batch';
      if (typeof dim === 'number' && !(pieces && axis === 1)) return dim;
      // Two inputs may be of different lengths, so only the first can be simply "time".
      if (axis === 1 && !names.has('time')) return 'time';
      return axis === 1 ? `${name}/time` : `${name}/dim:${axis}`;
    });
    for (const dim of shape) names.add(dim);
    const value = builder.input(name, type, shape);
    return { value, mask: null, stream: pieces ? 'samples' : 'fixed' };
  });
}
