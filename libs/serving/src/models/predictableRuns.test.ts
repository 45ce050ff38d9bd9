import { readFile } from 'node:fs/promises';
import { attribute, int64Tensor, writeModel } from '@onda/onnx';
import type { Node } from '@onda/onnx';
import { describe, expect, it } from 'vitest';
import { hasPredictableRuns } from './predictableRuns.ts';

const node = (op: string, inputs: string[], outputs: string[], attributes: Node['attributes'] = {}): Node => ({
  name: '',
  op,
  domain: '',
  inputs,
  outputs,
  attributes,
});

/** A model of one input x [batch, time] and one output y. */
function fileOf(nodes: readonly Node[]): Uint8Array {
  return writeModel({
    irVersion: 8,
    opsets: { '': 17 },
    producerName: '',
    producerVersion: '',
    metadata: {},
    graph: {
      name: 'g',
      inputs: [{ name: 'x', type: 'float32', shape: ['batch', 'time'] }],
      outputs: [{ name: 'y', type: 'float32', shape: null }],
      nodes,
      initializers: [int64Tensor('two', [2], [1400, 1400])],
      values: [],
    },
  });
}

describe(hasPredictableRuns, () => {
  it('accepts dims from constants and from the shape of an input', () => {
    expect(hasPredictableRuns(fileOf([node('Expand', ['x', 'two'], ['y'])]))).toBe(true);
    const shaped = [node('Shape', ['x'], ['dims']), node('ConstantOfShape', ['dims'], ['y'])];
    expect(hasPredictableRuns(fileOf(shaped))).toBe(true);
  });

  it('rejects dims from values, also through other operators', () => {
    const toInts = node('Cast', ['x'], ['ints'], { to: attribute.int(7) });
    const dims = node('Reshape', ['ints', 'two'], ['dims']);
    expect(hasPredictableRuns(fileOf([toInts, dims, node('ConstantOfShape', ['dims'], ['y'])]))).toBe(false);
    expect(hasPredictableRuns(fileOf([toInts, node('Expand', ['x', 'ints'], ['y'])]))).toBe(false);
  });

  it('rejects foreign operators and files that cannot be read', () => {
    expect(hasPredictableRuns(fileOf([{ ...node('Gelu', ['x'], ['y']), domain: 'com.microsoft' }]))).toBe(false);
    expect(hasPredictableRuns(Uint8Array.of(1, 2, 3))).toBe(false);
  });

  it('accepts the sequence model of the examples, whose short runs stay on the main thread', async () => {
    const example = new URL('../../../../examples/models/lagged-sine/1/model.onnx', import.meta.url);
    expect(hasPredictableRuns(await readFile(example))).toBe(true);
  });
});
