import type { Graph, Model, Node } from '../graph.ts';
import { attribute, floatTensor, int64Tensor } from '../graph.ts';

/** A valid model with a recurrent node, a subgraph, and an attribute of each kind, which tests modify. */
export function exampleModel(): Model {
  const body: Graph = {
    name: 'body',
    inputs: [
      { name: 'before', type: 'float32', shape: [1, 'batch', 2] },
      { name: 'entry', type: 'float32', shape: ['batch', 3] },
    ],
    outputs: [
      { name: 'after', type: 'float32', shape: [1, 'batch', 2] },
      { name: 'put', type: 'float32', shape: ['batch', 3] },
    ],
    nodes: [
      node('body/act', 'Elu', ['before'], ['after'], { alpha: attribute.float(0.5) }),
      node('body/copy', 'Identity', ['entry'], ['put']),
    ],
    initializers: [],
    values: [],
  };
  return {
    irVersion: 8,
    opsets: { '': 17, 'com.microsoft': 1 },
    producerName: 'onda',
    producerVersion: '0.1.0',
    metadata: { 'onda.name': 'example' },
    graph: {
      name: 'example',
      inputs: [
        { name: 'x', type: 'float32', shape: ['time', 'batch', 3] },
        { name: 'any', type: 'int64', shape: null },
      ],
      outputs: [{ name: 'y', type: 'float32', shape: ['time', null, 3] }],
      nodes: [
        node('rnn', 'RNN', ['x', 'W', 'R', 'B'], ['', 'h'], {
          hidden_size: attribute.int(2),
          activations: attribute.strings(['Tanh']),
          activation_alpha: attribute.floats([0.25, -1]),
        }),
        node('scan', 'Scan', ['h', 'x'], ['last', 'y'], {
          body: attribute.graph(body),
          num_scan_inputs: attribute.int(1),
          scan_output_axes: attribute.ints([0]),
        }),
        node('fill', 'ConstantOfShape', ['sizes'], ['filled'], {
          value: attribute.tensor(floatTensor('', [1], Float32Array.of(1.5))),
        }),
      ],
      initializers: [
        floatTensor('W', [1, 2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
        floatTensor('R', [1, 2, 2], Float32Array.of(0.5, 0, 0, 0.5)),
        floatTensor('B', [1, 4], new Float32Array(4)),
        int64Tensor('sizes', [2], [2, 3]),
      ],
      values: [{ name: 'h', type: 'float32', shape: [1, 'batch', 2] }],
    },
  };
}

function node(
  name: string,
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Node['attributes'] = {},
): Node {
  return { name, op, domain: '', inputs, outputs, attributes };
}
