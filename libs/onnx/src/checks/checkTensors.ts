import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import { elementCount } from '../graph/tensor.ts';
import { listed } from '../text/listed.ts';
import { quoted } from '../text/quoted.ts';

/** Checks that each constant has as many elements as its shape says. */
export function* checkTensors(graph: Graph): Generator<string> {
  for (const { name, dims, data } of tensorsOf(graph)) {
    if (elementCount(dims) !== data.length)
      yield `constant ${quoted(name)}: shape [${listed(dims)}] has ${elementCount(dims)} elements, its data ${data.length}`;
  }
}

/** The graph's constants, and those that are attributes of its nodes. */
function* tensorsOf({ initializers, nodes }: Graph): Generator<Tensor> {
  yield* initializers;
  for (const { attributes } of nodes) {
    for (const value of Object.values(attributes)) if (value.kind === 'tensor') yield value.value;
  }
}
