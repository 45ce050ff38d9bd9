import { describe, expect, it } from 'vitest';
import { checkModel } from './checkModel.ts';
import type { Graph, Model, Node } from './graph.ts';
import { attribute, floatTensor } from './graph.ts';
import { exampleModel } from './testing/exampleModel.ts';

function withGraph(change: (graph: Graph) => Partial<Graph>): Model {
  const model = exampleModel();
  return { ...model, graph: { ...model.graph, ...change(model.graph) } };
}

function withNode(index: number, change: (node: Node) => Partial<Node>): Model {
  return withGraph(({ nodes }) => ({
    nodes: nodes.map((node, at) => (at === index ? { ...node, ...change(node) } : node)),
  }));
}

function withAttributes(attributes: Node['attributes']): Model {
  return withNode(0, (node) => ({ attributes: { ...node.attributes, ...attributes } }));
}

const zeros = (name: string, dims: number[]): ReturnType<typeof floatTensor> =>
  floatTensor(name, dims, new Float32Array(dims.reduce((size, dim) => size * dim, 1)));

function withConstant(name: string, dims: number[]): Model {
  return withGraph(({ initializers }) => ({
    initializers: initializers.map((tensor) => (tensor.name === name ? zeros(name, dims) : tensor)),
  }));
}

describe(checkModel, () => {
  it('finds nothing in a valid model', () => {
    expect(checkModel(exampleModel())).toEqual([]);
  });

  const graphCases: [string, Model, string][] = [
    [
      'an old IR version',
      { ...exampleModel(), irVersion: 3 },
      'IR version: expected 4 or later, where a constant need not be a graph input, got 3',
    ],
    [
      'an operator set that is not imported',
      { ...exampleModel(), opsets: { ai: 1 } },
      'operator set "": used by a node, not imported',
    ],
    [
      'a value that is made twice',
      withNode(2, () => ({ outputs: ['h'] })),
      'graph "example": value "h" is defined by node "fill" (ConstantOfShape) and was defined before',
    ],
    [
      'a value that is used before it is made',
      withGraph(({ nodes }) => ({ nodes: [nodes[1], nodes[0], nodes[2]] })),
      'graph "example": node "scan" (Scan) takes "h", which nothing defines before it',
    ],
    [
      'a constant that is a graph input too',
      withGraph(({ inputs }) => ({ inputs: [...inputs, { name: 'W', type: 'float32', shape: [1, 2, 3] }] })),
      'graph "example": constant "W" is a graph input too, so runtimes cannot prepare it once',
    ],
    [
      'an output that nothing makes',
      withGraph(({ outputs }) => ({ outputs: [...outputs, { name: 'z', type: 'float32', shape: [] }] })),
      'graph "example": output "z" is not defined in it',
    ],
    [
      'an output that is listed twice',
      withGraph(({ outputs }) => ({ outputs: [...outputs, ...outputs] })),
      'graph "example": output "y" is listed more than once',
    ],
    [
      'a node without a name',
      withNode(2, () => ({ name: '' })),
      'graph "example": a node ConstantOfShape has no name',
    ],
    [
      'two nodes of one name',
      withNode(2, () => ({ name: 'rnn' })),
      'graph "example": more than one node is named "rnn"',
    ],
    [
      'a shape for nothing',
      withGraph(({ values }) => ({ values: [...values, { name: 'none', type: 'float32', shape: [] }] })),
      'graph "example": a shape is given for "none", which nothing defines',
    ],
    [
      'a constant of another size than its shape says',
      withGraph(({ initializers }) => ({
        initializers: initializers.map((tensor) =>
          tensor.name === 'B' ? { ...tensor, dims: [1, 5] } : tensor,
        ),
      })),
      'constant "B": shape [1, 5] has 5 elements, its data 4',
    ],
  ];
  it.each(graphCases)('finds %s', (_what, model, problem) => {
    expect(checkModel(model)).toContain(problem);
  });

  it('looks into graphs inside nodes', () => {
    const { graph } = exampleModel();
    const body = graph.nodes[1].attributes['body'];
    if (body.kind !== 'graph') throw new Error('the example has a body');
    const twice = {
      ...body.value,
      nodes: body.value.nodes.map((node) => ({ ...node, inputs: ['nowhere'] })),
    };
    const model = withNode(1, (node) => ({
      attributes: { ...node.attributes, body: attribute.graph(twice) },
    }));
    expect(checkModel(model)).toEqual([
      'graph "body": node "body/act" (Elu) takes "nowhere", which nothing defines before it',
      'graph "body": node "body/copy" (Identity) takes "nowhere", which nothing defines before it',
    ]);
  });

  const recurrentCases: [string, Model, string][] = [
    ['W', withConstant('W', [1, 3, 2]), 'W: expected shape [1, 2, features], got [1, 3, 2]'],
    ['R', withConstant('R', [1, 2, 3]), 'R: expected shape [1, 2, 2], got [1, 2, 3]'],
    ['B', withConstant('B', [1, 2]), 'B: expected shape [1, 4], got [1, 2]'],
    [
      'W of one direction for two',
      withAttributes({
        direction: attribute.string('bidirectional'),
        activations: attribute.strings(['Tanh', 'Tanh']),
      }),
      'W: expected shape [2, 2, features], got [1, 2, 3]',
    ],
    [
      'layout 1',
      withAttributes({ layout: attribute.int(1) }),
      "layout 1: ONNX Runtime's CPU and CUDA kernels have 0 only",
    ],
    [
      'too many activations',
      withAttributes({ activations: attribute.strings(['Tanh', 'Relu']) }),
      'expected 1 activations, got 2',
    ],
    [
      'an unknown activation',
      withAttributes({ activations: attribute.strings(['Selu']) }),
      'activation "Selu" is not one that ONNX Runtime knows',
    ],
    [
      'a missing hidden_size',
      withNode(0, () => ({ attributes: {} })),
      'has no hidden_size, which ONNX Runtime needs',
    ],
  ];
  it.each(recurrentCases)('finds a wrong recurrent node: %s', (_what, model, problem) => {
    const found = checkModel(model);
    expect(found.some((text) => text === `node "rnn" (RNN): ${problem}`)).toBe(true);
  });
});
