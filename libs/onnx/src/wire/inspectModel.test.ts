import { describe, expect, it } from 'vitest';
import type { Graph, Model, Node } from '../graph.ts';
import { attribute } from '../graph.ts';
import { exampleModel } from '../testing/exampleModel.ts';
import { inspectModel } from './inspectModel.ts';
import { writeModel } from './writeModel.ts';

function graph(nodes: Node[]): Graph {
  return { name: 'g', inputs: [], outputs: [], nodes, initializers: [], values: [] };
}

function model(nodes: Node[]): Model {
  return { ...exampleModel(), graph: graph(nodes) };
}

function node(op: string, domain = '', inner: Graph[] = []): Node {
  const attributes = Object.fromEntries(inner.map((part, index) => [`g${index}`, attribute.graph(part)]));
  return { name: op, op, domain, inputs: [], outputs: [], attributes };
}

describe(inspectModel, () => {
  it('lists operators of every depth once, standard ones without their domain', () => {
    const deep = graph([node('Steal', 'evil.example'), node('Add')]);
    const nodes = [node('If', '', [graph([node('If', '', [deep])]), graph([])]), node('Add', 'ai.onnx')];
    expect(inspectModel(writeModel(model(nodes))).operators).toEqual(['Add', 'If', 'evil.example:Steal']);
  });

  it('refuses a damaged file as readModel does', () => {
    const file = writeModel(exampleModel());
    expect(() => inspectModel(file.subarray(0, file.length - 1))).toThrow('the file is damaged');
    expect(() => inspectModel(Uint8Array.of(1, 2, 3))).toThrow('the file is damaged or not an ONNX model');
  });

  it('refuses external data, in an attribute too, by its location or a path', () => {
    // TensorProto: data_location (14) EXTERNAL; external_data (13) with an empty entry. In Model.graph(7).initializer(5).
    for (const tensor of [
      [0x70, 1],
      [0x6a, 0],
    ]) {
      const initializer = [0x2a, tensor.length, ...tensor];
      expect(() => inspectModel(Uint8Array.of(0x3a, initializer.length, ...initializer))).toThrow(
        'tensor "": external data is not supported; write the model with its data inside',
      );
      // Model.graph(7).node(1).attribute(5).t(5).
      const attributeBytes = [0x2a, tensor.length, ...tensor];
      const nodeBytes = [0x2a, attributeBytes.length, ...attributeBytes];
      const graphBytes = [0x0a, nodeBytes.length, ...nodeBytes];
      expect(() => inspectModel(Uint8Array.of(0x3a, graphBytes.length, ...graphBytes))).toThrow(
        'external data is not supported',
      );
    }
  });
});
