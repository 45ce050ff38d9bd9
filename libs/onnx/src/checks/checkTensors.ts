import type { Graph } from '../graph/graph.ts';
import { elementCount } from '../graph/tensor.ts';

/** Checks that each constant has as many elements as its shape says. */
export function checkTensors(graph: Graph): string[] {
  const inNodes = graph.nodes.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap((value) => (value.kind === 'tensor' ? [value.value] : [])),
  );
  return [...graph.initializers, ...inNodes].flatMap(({ name, dims, data }) =>
    elementCount(dims) === data.length
      ? []
      : [
          `constant "${name}": shape [${dims.join(', ')}] has ${elementCount(dims)} elements, its data ${data.length}`,
        ],
  );
}
