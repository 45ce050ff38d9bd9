import { ModelError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { exampleModel } from '../testing/exampleModel.ts';
import { readModel } from './readModel.ts';
import { readLimits, scanModel } from './scanModel.ts';
import { writeModel } from './writeModel.ts';

const file = writeModel(exampleModel());

/** A length-delimited field. */
function field(number: number, content: readonly number[]): number[] {
  return [number * 8 + 2, ...varint(content.length), ...content];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...varint(Math.floor(value / 128))];
}

describe(scanModel, () => {
  it('accepts a valid file', () => {
    expect(() => {
      scanModel(file, readLimits);
    }).not.toThrow();
  });

  const graphsInside = (depth: number): number[] =>
    depth === 0 ? [] : field(1, field(5, field(6, graphsInside(depth - 1))));
  const cases: [string, number[], string][] = [
    [
      'a length beyond the file',
      [0x3a, 0x7f, 0],
      'at byte 2 expected 127 more bytes, got 1; the file is damaged or not an ONNX model',
    ],
    [
      'a number that does not end',
      [8, 255],
      'at byte 2 expected a whole number, got its end; the file is damaged or not an ONNX model',
    ],
    [
      'a number that is too long',
      [8, ...Array<number>(11).fill(128)],
      'at byte 11 expected a number of at most 10 bytes; the file is damaged or not an ONNX model',
    ],
    [
      'a group',
      [0xfb, 1],
      'at byte 2 expected wire type 0, 1, 2 or 5, got 3; the file is damaged or not an ONNX model',
    ],
    [
      'field number 0',
      [2, 0],
      'at byte 1 expected a field number between 1 and 2^29; the file is damaged or not an ONNX model',
    ],
    [
      'a field of another wire type than the decoder takes it for',
      [7 * 8, 5],
      'at byte 1 expected wire type 2, got 0; the file is damaged or not an ONNX model',
    ],
    [
      'packed floats that are cut',
      field(7, field(5, field(4, [0, 0, 0]))),
      'at byte 9 expected packed values of 4 bytes each; the file is damaged or not an ONNX model',
    ],
    [
      'graphs nested too deep',
      field(7, graphsInside(40)),
      'expected messages nested at most 64 deep, got more; read it with a higher limit if you trust it',
    ],
  ];
  it.each(cases)('refuses %s', (_what, bytes, message) => {
    expect(() => {
      scanModel(Uint8Array.from(bytes), readLimits);
    }).toThrow(new ModelError(`model file: ${message}`));
  });

  it('takes graphs nested less deep', () => {
    const nested = Uint8Array.from(field(7, graphsInside(20)));
    expect(() => {
      scanModel(nested, readLimits);
    }).not.toThrow();
  });

  it.each([
    [{ bytes: 10 }, `expected at most 10 bytes, got ${file.length}`],
    [{ messages: 5 }, 'expected at most 5 messages, got more'],
    [{ values: 5 }, 'expected at most 5 values, got more'],
  ])('holds the limits %o', (limit, message) => {
    expect(() => {
      scanModel(file, { ...readLimits, ...limit });
    }).toThrow(new ModelError(`model file: ${message}; read it with a higher limit if you trust it`));
  });

  it('refuses a small file that would decode to far more than its size', () => {
    const empty = Uint8Array.from(
      field(
        7,
        Array<number[]>(1_500_000)
          .fill([1 * 8 + 2, 0])
          .flat(),
      ),
    );
    expect(() => {
      scanModel(empty, readLimits);
    }).toThrow('expected at most 1000000 messages');
  });

  it('leaves readModel nothing but sound models and one kind of error, whatever bytes change', () => {
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let refused = 0;
    for (let round = 0; round < 10_000; round++) {
      const bytes = file.slice(0, random(8) === 0 ? random(file.length) : file.length);
      for (let change = random(6); change >= 0; change--) bytes[random(bytes.length)] = random(256);
      try {
        readModel(bytes);
      } catch (error) {
        refused++;
        expect(error).toBeInstanceOf(ModelError);
      }
    }
    expect(refused).toBeGreaterThan(1000);
    expect(refused).toBeLessThan(10_000);
  });
});
