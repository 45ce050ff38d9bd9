import { ModelError } from '@onda/contract';
import { zipSync } from 'fflate';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseKerasFile } from './kerasFile.ts';
import { readNpz } from './npz.ts';

const file = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../test/keras/files/${name}`, import.meta.url)));

/** The error of a reader, or null; another error than a ModelError fails. */
function errorOf(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message;
  }
}

/** A generator of whole numbers (Park and Miller). */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ;) yield (state = (state * 48_271) % 2_147_483_647);
}

describe(parseKerasFile, () => {
  it.each(['keras2-bidi.h5', 'keras3-lstm.keras'])('rejects %s cut short at any place', (name) => {
    const bytes = file(name);
    for (let part = 0; part < 40; part++) {
      const cut = bytes.slice(0, Math.floor((bytes.length * part) / 40));
      expect(errorOf(() => parseKerasFile(cut, name))).not.toBeNull();
    }
  });

  it.each(['keras2-bidi.h5', 'keras3-lstm.keras'])('reads or rejects %s with changed bytes', (name) => {
    const whole = file(name);
    const random = numbers(7);
    const next = (limit: number): number => (random.next().value as number) % limit;
    for (let round = 0; round < 300; round++) {
      const bytes = whole.slice();
      for (let change = next(4); change >= 0; change--) {
        // Half of them where the structures are: in the first bytes.
        bytes[next(round % 2 === 0 ? bytes.length : 4096)] = [0, 255, 1, next(256)][next(4)];
      }
      errorOf(() => parseKerasFile(bytes, name));
    }
  });

  it('rejects a zip whose file claims more than deflate can make', () => {
    const bytes = zipSync({ 'config.json': new Uint8Array(100_000), 'metadata.json': new Uint8Array(2) });
    const view = new DataView(bytes.buffer);
    const entry = bytes.findIndex(
      (_, at) => at + 4 <= bytes.length && view.getUint32(at, true) === 0x02014b50,
    );
    view.setUint32(entry + 24, 2_000_000_000, true);
    expect(errorOf(() => parseKerasFile(bytes, 'm.keras'))).toMatch(
      /^m\.keras: "config\.json": expected a size that fits its \d+ bytes in the zip, got 2000000000; the file is damaged or cut short, save the model again$/,
    );
  });

  it('rejects a changed byte of the weights by the checksum of the zip', () => {
    const bytes = file('keras3-lstm.keras');
    const at = bytes.length - 4000;
    bytes[at] ^= 1;
    expect(errorOf(() => parseKerasFile(bytes, 'm.keras'))).toMatch(
      /expected the checksum of the zip, got another/,
    );
  });

  it('names what other files are', () => {
    expect(errorOf(() => parseKerasFile(Uint8Array.of(1, 2, 3), 'm.keras'))).toBe(
      'm.keras: expected a .keras or HDF5 file, got other bytes; save the model with model.save("model.keras")',
    );
    expect(errorOf(() => parseKerasFile(zipSync({ 'a.txt': new Uint8Array(1) }), 'm.keras'))).toBe(
      'm.keras: expected a zip with config.json, as a .keras file has it, got a.txt; save the model with model.save("model.keras")',
    );
    const config = new TextEncoder().encode('{}');
    expect(errorOf(() => parseKerasFile(zipSync({ 'config.json': config }), 'm.keras'))).toBe(
      'm.keras: expected model.weights.h5 in it, got config.json; save the model in one file with HDF5 weights',
    );
  });
});

describe(readNpz, () => {
  /** One array as numpy.save writes it. */
  const npy = (header: string, data: ArrayBufferView): Uint8Array => {
    const text = `${header}\n`;
    const bytes = new Uint8Array(10 + text.length + data.byteLength);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]);
    bytes.set(new TextEncoder().encode(text), 10);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + text.length);
    return bytes;
  };
  const header = (descr: string, shape: string, order = 'False'): string =>
    `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;

  it('reads arrays of several types', () => {
    const arrays = readNpz(
      zipSync({
        'x.npy': npy(header('<f4', '(2, 2)'), Float32Array.of(1, 2, 3, 4.5)),
        'n.npy': npy(header('<i8', '(1,)'), BigInt64Array.of(-7n)),
        's.npy': npy(header('|b1', '()'), Uint8Array.of(1)),
      }),
      'a.npz',
    );
    expect([...arrays].map(([name, { shape, data }]) => [name, shape, [...data]])).toEqual([
      ['x', [2, 2], [1, 2, 3, 4.5]],
      ['n', [1], [-7]],
      ['s', [], [1]],
    ]);
  });

  it.each([
    ['columns first', header('<f4', '(1, 1)', 'True')],
    ['objects', header('|O', '(1, 1)')],
    ['more elements than bytes', header('<f4', '(1000000000,)')],
  ])('rejects %s', (_what, text) => {
    const bytes = zipSync({ 'x.npy': npy(text, Float32Array.of(1)) });
    expect(errorOf(() => readNpz(bytes, 'a.npz'))).toMatch(/^a\.npz: x\.npy: expected /);
  });
});
