import { attribute, checkModel, floatTensor } from '@onda/onnx';
import { describe, expect, it } from 'vitest';
import { makeModel } from '../model/onnxModel.ts';
import { GraphBuilder } from './graphBuilder.ts';
import type { Value } from './value.ts';

const like = { shape: ['batch', 'time', 3] };

function start(outputs: readonly string[] = ['y']): { builder: GraphBuilder; x: Value } {
  const builder = new GraphBuilder('g', outputs);
  return { builder, x: builder.input('x', 'float32', like.shape) };
}

describe(GraphBuilder, () => {
  it('composes Transposes, and drops the identity', () => {
    const builder = new GraphBuilder('g', ['y']);
    const x = builder.input('x', 'float32', ['batch', 2, 3]);
    const turned = builder.transposed(x, [1, 2, 0], 'turned');
    expect(builder.transposed(turned, [2, 0, 1], 'back')).toBe(x);
    const other = builder.transposed(turned, [0, 2, 1], 'other');
    expect(other.shape).toEqual([2, 'batch', 3]);
    expect(builder.transposed(x, [1, 0, 2], 'again')).toBe(other);
    builder.output('y', other);
    const { nodes } = builder.build();
    expect(nodes.map(({ op, inputs, attributes }) => [op, inputs, attributes['perm']])).toEqual([
      ['Transpose', ['x'], { kind: 'ints', value: [1, 0, 2] }],
    ]);
  });

  it('makes names unique and keeps those of outputs free', () => {
    const { builder, x } = start();
    const first = builder.single('y', 'Neg', [x], like);
    const second = builder.single('y', 'Neg', [first], like);
    builder.output('y', second);
    const { nodes } = builder.build();
    expect(nodes.map(({ name, outputs }) => [name, outputs])).toEqual([
      ['y', ['y_1']],
      ['y_1', ['y']],
    ]);
  });

  it('copies an output that is an input, or one that is put out twice', () => {
    const { builder, x } = start(['a', 'b', 'c']);
    const value = builder.single('n', 'Neg', [x], like);
    builder.output('a', x);
    builder.output('b', value);
    builder.output('c', value);
    const graph = builder.build();
    expect(graph.nodes.map(({ op, inputs, outputs }) => [op, ...inputs, ...outputs])).toEqual([
      ['Neg', 'x', 'b'],
      ['Identity', 'x', 'a'],
      ['Identity', 'b', 'c'],
    ]);
    expect(checkModel(makeModel(graph, { producerVersion: '1' }))).toEqual([]);
  });

  it('transposes a value once, and not back', () => {
    const { builder, x } = start(['a', 'b']);
    const turned = builder.inLayout(x, true);
    expect(builder.inLayout(x, true)).toBe(turned);
    expect(builder.inLayout(turned, false)).toBe(x);
    builder.output('a', builder.single('n', 'Neg', [turned], turned));
    expect(builder.build().nodes.map(({ op }) => op)).toEqual(['Transpose', 'Neg']);
    expect(turned.shape).toEqual(['time', 'batch', 3]);
  });

  it('prunes unused nodes, constants and optional outputs', () => {
    const { builder, x } = start();
    const unused = builder.constant(floatTensor('unused', [1], Float32Array.of(1)));
    builder.single('dead', 'Add', [x, unused], like);
    const [kept] = builder.node({
      name: 'rnn',
      op: 'RNN',
      inputs: [x, '', '', ''],
      outputs: [
        { part: 'Y', ...like },
        { part: 'Y_h', ...like, optional: true },
      ],
    });
    builder.output('y', kept);
    const { nodes, initializers, values } = builder.build();
    expect(nodes.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([[['x'], ['y']]]);
    expect([initializers, values]).toEqual([[], []]);
  });

  it('keeps what a graph inside a node takes, and holds its constants', () => {
    const { builder, x } = start();
    const outside = builder.single('outside', 'Neg', [x], like);
    const inner = new GraphBuilder('inner', [], builder);
    inner.output('r', inner.single('inside', 'Add', [outside, inner.integers([1])], like));
    const condition = builder.input('condition', 'bool', [1]);
    const branch = attribute.graph(inner.build());
    const attributes = { then_branch: branch, else_branch: branch };
    builder.output('y', builder.single('if', 'If', [condition], like, attributes));
    const graph = builder.build();
    expect(graph.nodes.map(({ name }) => name)).toEqual(['outside', 'if']);
    expect(graph.initializers.map(({ name }) => name)).toEqual(['int64:1']);
  });
});
