import { ModelError } from '@onda/contract';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import type { Model } from '../graph.ts';
import { floatTensor } from '../graph.ts';
import { exampleModel } from '../testing/exampleModel.ts';
import { readModel } from './readModel.ts';
import { writeSplitModel } from './writeModel.ts';

const location = 'model.onnx.data';

/** The example with two constants large enough for external data. */
function largeModel(): Model {
  const { graph, ...model } = exampleModel();
  const large = [300, 257].map((size) =>
    floatTensor(`large_${size}`, [size], new Float32Array(size).fill(size)),
  );
  return { ...model, graph: { ...graph, initializers: [...graph.initializers, ...large] } };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

describe(writeSplitModel, () => {
  it('puts large constants into pages of a separate file, and small ones not', () => {
    const { file, data } = writeSplitModel(largeModel(), location);
    expect(joined(data)).toHaveLength(4096 + 257 * 4);
    expect(new Float32Array(joined(data).buffer, 4096)).toEqual(new Float32Array(257).fill(257));
    expect(file.length).toBeLessThan(2000);
  });

  it('reads back as it was, with the file beside it', () => {
    const { file, data } = writeSplitModel(largeModel(), location);
    expect(readModel(file, {}, { [location]: joined(data) })).toEqual(largeModel());
  });

  it('gives the same bytes for the same model', () => {
    expect(writeSplitModel(largeModel(), location)).toEqual(writeSplitModel(largeModel(), location));
  });

  it.each(['../model.data', '/etc/passwd', 'a/b', ''])('refuses the location %j', (wrong) => {
    expect(() => writeSplitModel(largeModel(), wrong)).toThrow(
      new ModelError(
        `data file: expected the name of a file beside the model, got ${JSON.stringify(wrong)}; use letters, digits, ".", "_" and "-"`,
      ),
    );
  });
});

describe('readModel of data outside', () => {
  const external = (...entries: [string, string][][]): Uint8Array =>
    onnxProto.onnx.ModelProto.encode({
      graph: {
        initializer: entries.map((list, index) => ({
          name: `w${index}`,
          dims: [2],
          dataType: 1,
          dataLocation: 1,
          externalData: list.map(([key, value]) => ({ key, value })),
        })),
      },
    }).finish();
  const whole: [string, string][] = [['location', 'data']];
  const cases: [string, Uint8Array, string][] = [
    [
      'a path',
      external([['location', '../../etc/passwd']]),
      'tensor "w0": expected its external data file "../../etc/passwd", got none; pass it, or write the model with its data inside',
    ],
    [
      'a name that every object has',
      external([['location', '__proto__']]),
      'tensor "w0": expected its external data file "__proto__", got none; pass it, or write the model with its data inside',
    ],
    [
      'a range beyond the file',
      external([...[whole[0]], ['offset', '4'], ['length', '8']]),
      'tensor "w0": expected its data within the 8 bytes of "data", got 8 at 4; one of the files is damaged',
    ],
    [
      'an offset that is not a number',
      external([...[whole[0]], ['offset', '-4']]),
      'tensor "w0": offset: expected a whole number, got "-4"; the file is damaged',
    ],
    [
      'the same data again and again',
      external(whole, whole),
      'tensor "w1": expected tensors with separate data, got more data than the external files hold; the file is damaged',
    ],
  ];
  it.each(cases)('refuses %s', (_what, file, message) => {
    expect(() => readModel(file, {}, { data: new Uint8Array(8) })).toThrow(
      new ModelError(`model file: ${message}`),
    );
  });

  it('reads data inside the external file', () => {
    const { graph } = readModel(external(whole), {}, { data: new Uint8Array(8) });
    expect(graph.initializers[0].data).toEqual(new Float32Array(2));
  });
});
