import { ModelError } from '@onda/contract';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { exampleModel } from '../testing/exampleModel.ts';
import { readModel } from './readModel.ts';
import { writeModel } from './writeModel.ts';

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;

describe(readModel, () => {
  it('reads what writeModel wrote', () => {
    const model = exampleModel();
    expect(readModel(writeModel(model))).toEqual(model);
  });

  it('reads elements that stand one by one instead of as raw data', () => {
    const bytes = ModelProto.encode({
      graph: {
        initializer: [
          { name: 'floats', dims: [2], dataType: 1, floatData: [1.5, -2] },
          { name: 'longs', dims: [2], dataType: 7, int64Data: [-1, 2 ** 40] },
          { name: 'bools', dims: [2], dataType: 9, int32Data: [1, 0] },
          { name: 'doubles', dims: [], dataType: 11, doubleData: [0.1] },
          { name: 'unsigned', dims: [1], dataType: 13, uint64Data: [7] },
          { name: 'words', dims: [1], dataType: 12, uint64Data: [9] },
        ],
      },
    }).finish();
    expect(readModel(bytes).graph.initializers.map(({ data }) => data)).toEqual([
      Float32Array.of(1.5, -2),
      BigInt64Array.of(-1n, 2n ** 40n),
      Uint8Array.of(1, 0),
      Float64Array.of(0.1),
      BigUint64Array.of(7n),
      Uint32Array.of(9),
    ]);
  });

  it('reads a value whose rank is not known and a dim without a name', () => {
    const { inputs, outputs } = readModel(writeModel(exampleModel())).graph;
    expect([inputs[1].shape, outputs[0].shape]).toEqual([null, ['time', null, 3]]);
  });

  const graph = { node: [], input: [] };
  const cases: [string, Parameters<typeof ModelProto.encode>[0], string][] = [
    ['no graph', {}, 'expected a graph, got none; the file is damaged or not an ONNX model'],
    [
      'functions',
      { graph, functions: [{ name: 'f' }] },
      'functions are not supported; write the model without them and read it again',
    ],
    [
      'data in another file',
      {
        graph: { initializer: [{ name: 'w', dataType: 1, dataLocation: TensorProto.DataLocation.EXTERNAL }] },
      },
      'tensor "w": expected its external data file "", got none; pass it, or write the model with its data inside',
    ],
    [
      'text as elements',
      { graph: { initializer: [{ name: 'w', dataType: 8 }] } },
      'tensor "w": element type 8 is not supported; expected a float, integer or bool type',
    ],
    [
      'too few elements',
      { graph: { initializer: [{ name: 'w', dims: [3], dataType: 1, rawData: new Uint8Array(8) }] } },
      'tensor "w": expected as many elements as shape [3] has, got 2; the file is damaged',
    ],
    [
      'half an element',
      { graph: { initializer: [{ name: 'w', dims: [1], dataType: 1, rawData: new Uint8Array(6) }] } },
      'tensor "w": expected 4 bytes an element, got 6 in all; the file is damaged',
    ],
    [
      'a value of a type without elements',
      { graph: { input: [{ name: 'x' }] } },
      'value "x": element type 0 is not supported; expected a float, integer or bool type',
    ],
    [
      'a dim beyond whole numbers',
      { graph: { initializer: [{ name: 'w', dims: [2 ** 60], dataType: 1 }] } },
      'tensor "w": dim: expected a whole number within +-2^53, got 1152921504606847000; larger ones are not supported',
    ],
    [
      'an attribute of unknown type',
      { graph: { node: [{ name: 'n', opType: 'Elu', attribute: [{ name: 'a' }] }] } },
      'node "n" (Elu): attribute "a": attribute type 0 is not supported; expected a number, text, tensor or graph, or a list of numbers or texts',
    ],
    [
      'an attribute twice',
      {
        graph: {
          node: [
            {
              name: 'n',
              opType: 'Elu',
              attribute: [
                { name: 'a', type: AttributeProto.AttributeType.INT },
                { name: 'a', type: AttributeProto.AttributeType.INT },
              ],
            },
          ],
        },
      },
      'node "n" (Elu): attribute "a": expected it once, got it again; the file is damaged',
    ],
    [
      'a metadata key twice',
      { graph, metadataProps: [{ key: 'k' }, { key: 'k' }] },
      'metadata key "k": expected it once, got it again; the file is damaged',
    ],
  ];
  it.each(cases)('refuses %s', (_what, proto, message) => {
    const bytes = ModelProto.encode(proto).finish();
    expect(() => readModel(bytes)).toThrow(new ModelError(`model file: ${message}`));
  });

  it('keeps a key that objects have of their own as a plain key', () => {
    const metadata = Object.fromEntries([['__proto__', 'text']]);
    const read = readModel(writeModel({ ...exampleModel(), metadata }));
    expect(Object.entries(read.metadata)).toEqual([['__proto__', 'text']]);
  });
});
