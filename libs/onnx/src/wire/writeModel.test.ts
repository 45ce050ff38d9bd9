import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { floatTensor } from '../graph.ts';
import { exampleModel } from '../testing/exampleModel.ts';
import { swapBytes } from './codes.ts';
import { writeModel, writeSplitModel } from './writeModel.ts';

describe(writeModel, () => {
  it('gives the same bytes for the same model', () => {
    expect(writeModel(exampleModel())).toEqual(writeModel(exampleModel()));
  });

  it('gives an array of its own memory', () => {
    const bytes = writeModel(exampleModel());
    expect([bytes.constructor, bytes.byteLength]).toEqual([Uint8Array, bytes.buffer.byteLength]);
  });
});

describe('a model beyond 2 GB', () => {
  // This memory is never written to, and each constant is a view of it.
  const data = new Float32Array(2 ** 26);
  const model = exampleModel();
  const initializers = Array.from({ length: 9 }, (_, index) => floatTensor(`w${index}`, [data.length], data));
  const large = { ...model, graph: { ...model.graph, initializers } };

  it('is refused as one file', () => {
    expect(() => writeModel(large)).toThrow(
      /^model file: expected at most 2147483647 bytes, protobuf's limit, got 24\d{8}; write external data with writeSplitModel$/,
    );
  });

  it('is written with its data beside it, without a copy', () => {
    const { file, data: pieces } = writeSplitModel(large, 'model.onnx.data');
    expect(file.length).toBeLessThan(10_000);
    expect(pieces.map(({ buffer }) => buffer === data.buffer)).toEqual(Array(9).fill(true));
    const { initializer } = onnxProto.onnx.ModelProto.decode(file).graph ?? {};
    const offsets = (initializer ?? []).map(({ externalData }) => Number(externalData?.[1].value));
    expect(offsets).toEqual(Array.from({ length: 9 }, (_, index) => index * data.byteLength));
  });
});

describe(swapBytes, () => {
  it('reverses the bytes of each element in a copy', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    expect(swapBytes(bytes, 2)).toEqual(Uint8Array.of(2, 1, 4, 3));
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3, 4));
  });
});
