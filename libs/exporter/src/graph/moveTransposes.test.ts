import type { Graph, Node } from '@onda/onnx';
import { attribute, checkModel, floatTensor } from '@onda/onnx';
import { describe, expect, it } from 'vitest';
import { makeModel } from '../model/makeModel.ts';
import { GraphBuilder } from './graphBuilder.ts';
import type { Value } from './value.ts';

const first = [0, 3, 1, 2];
const last = [0, 2, 3, 1];
const shape = ['batch', 2, 4, 3];

/** Builds a graph, whose values have the dims [batch, height, width, channels], and checks it. */
function built(outputs: string[], make: (builder: GraphBuilder, x: Value) => Value[]): Graph {
  const builder = new GraphBuilder('g', outputs);
  const x = builder.input('x', 'float32', shape);
  make(builder, x).forEach((value, index) => {
    builder.output(outputs[index], value);
  });
  const graph = builder.build();
  expect(checkModel(makeModel(graph, { producerVersion: '0' }))).toEqual([]);
  return graph;
}

/** A node that must have channels first: nothing is known of it here. */
const conv = (builder: GraphBuilder, x: Value, name: string): Value => {
  const input = builder.transposed(x, first, `${name}/first`);
  return builder.transposed(builder.single(name, 'Conv', [input], input), last, `${name}/last`);
};
const relu = (builder: GraphBuilder, x: Value): Value => builder.single('relu', 'Relu', [x], x);
const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);
const nodeOf = ({ nodes }: Graph, op: string): Node => nodes.filter((node) => node.op === op)[0];

describe('a graph that is built', () => {
  it('has no Transposes round nodes that do not mind', () => {
    const graph = built(['y'], (builder, x) => [conv(builder, relu(builder, conv(builder, x, 'a')), 'b')]);
    expect(opsOf(graph)).toEqual(['Transpose', 'Conv', 'Relu', 'Conv', 'Transpose']);
    expect(graph.values.find(({ name }) => name === 'relu')?.shape).toEqual(['batch', 3, 2, 4]);
  });

  it('lays constants out anew, one value a channel or one a place', () => {
    const graph = built(['y'], (builder, x) => {
      const bias = builder.constant(floatTensor('bias', [3], Float32Array.of(1, 2, 3)));
      const map = builder.constant(
        floatTensor(
          'map',
          [4, 3],
          Float32Array.from({ length: 12 }, (_, at) => at),
        ),
      );
      const a = conv(builder, x, 'a');
      const sum = builder.single('sum', 'Add', [a, bias], a);
      return [conv(builder, builder.single('product', 'Mul', [sum, map], sum), 'b')];
    });
    expect(opsOf(graph)).toEqual(['Transpose', 'Conv', 'Add', 'Mul', 'Conv', 'Transpose']);
    const constants = graph.initializers.map(({ dims, data }) => [dims, [...data]]);
    expect(constants).toEqual([
      [
        [3, 1, 1],
        [1, 2, 3],
      ],
      [
        [3, 1, 4],
        [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11],
      ],
    ]);
  });

  it('turns axes with the dims', () => {
    const graph = built(['y'], (builder, x) => {
      const a = conv(builder, x, 'a');
      const soft = builder.single('soft', 'Softmax', [a], a, { axis: attribute.int(-1) });
      const pads = builder.integers([0, 1, 2, 0, 0, 3, 4, 0]);
      const pad = builder.single('pad', 'Pad', [soft, pads], { shape: ['batch', 6, 10, 3] });
      return [conv(builder, pad, 'b')];
    });
    expect(opsOf(graph)).toEqual(['Transpose', 'Conv', 'Softmax', 'Pad', 'Conv', 'Transpose']);
    expect(nodeOf(graph, 'Softmax').attributes['axis']).toEqual({ kind: 'int', value: 1 });
    const pads = graph.initializers.find(({ name }) => name === nodeOf(graph, 'Pad').inputs[1]);
    expect([...(pads?.data ?? [])].map(Number)).toEqual([0, 0, 1, 2, 0, 0, 3, 4]);
  });

  it('takes a mean over all places as it lies', () => {
    const graph = built(['y'], (builder, x) => {
      const y = relu(builder, conv(builder, x, 'a'));
      const axes = { axes: attribute.ints([1, 2]), keepdims: attribute.int(0) };
      return [builder.single('mean', 'ReduceMean', [y], { shape: ['batch', 3] }, axes)];
    });
    expect(opsOf(graph)).toEqual(['Transpose', 'Conv', 'Relu', 'ReduceMean']);
    expect(nodeOf(graph, 'ReduceMean').attributes['axes']).toEqual({ kind: 'ints', value: [2, 3] });
  });

  it('joins branches that lie alike, and an input that is there in both orders', () => {
    const graph = built(['y'], (builder, x) => {
      const a = conv(builder, x, 'a');
      return [conv(builder, relu(builder, builder.single('sum', 'Add', [a, x], a)), 'b')];
    });
    expect(opsOf(graph)).toEqual(['Transpose', 'Conv', 'Add', 'Relu', 'Conv', 'Transpose']);
    expect(nodeOf(graph, 'Add').inputs).toEqual(['a', 'a/first']);
  });

  it('keeps a value that others take as it was, where moving it still saves more', () => {
    const graph = built(['kept', 'y'], (builder, x) => {
      const between = relu(builder, conv(builder, x, 'a'));
      return [between, conv(builder, between, 'b')];
    });
    expect(opsOf(graph)).toEqual(['Transpose', 'Conv', 'Relu', 'Conv', 'Transpose', 'Transpose']);
    expect(graph.outputs.map((info) => info.shape)).toEqual([shape, shape]);
  });

  it('leaves alone what would save nothing', () => {
    const graph = built(['kept', 'flat'], (builder, x) => {
      const a = conv(builder, x, 'a');
      const flat = builder.single('flat', 'Flatten', [relu(builder, a)], { shape: ['batch', 24] });
      return [a, flat];
    });
    expect(opsOf(graph)).toEqual(['Transpose', 'Conv', 'Transpose', 'Relu', 'Flatten']);
  });
});
