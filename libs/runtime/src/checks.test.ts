import { describe, expect, it } from 'vitest';
import { DataError, ShapeError } from '@onda/contract';
import type { CheckFeedsOptions } from './checks.ts';
import { checkFeeds, checkSession } from './checks.ts';
import type { RuntimeTensor } from './session.ts';
import { floatTensor } from './tensors.ts';
import { fakeManifest, fakeSession } from './testing/fakeModel.ts';

// What every adapter's session refuses is in testing/feedTests.ts; here is what only the options and odd calls reach.
const inputs = [
  { name: 'x', type: 'float32', shape: ['batch', 2] },
  { name: 'n', type: 'int64', shape: [1] },
];
const x = floatTensor([1, 2], [1, 2]);
const n: RuntimeTensor = { type: 'int64', dims: [1], data: BigInt64Array.of(1n) };

function check(feeds: Record<string, RuntimeTensor>, options?: CheckFeedsOptions): () => void {
  return () => {
    checkFeeds(inputs, feeds, options);
  };
}

describe(checkFeeds, () => {
  it('takes feeds that fit', () => {
    expect(check({ x, n })).not.toThrow();
  });

  it('accepts empty dims only with the option', () => {
    const empty = floatTensor([0, 2], []);
    expect(check({ x: empty, n }, { allowEmpty: true })).not.toThrow();
    expect(check({ x: empty, n })).toThrow(ShapeError);
  });

  it('rejects infinities only with the option', () => {
    const infinite = floatTensor([1, 2], [1, -Infinity]);
    expect(check({ x: infinite, n })).not.toThrow();
    expect(check({ x: infinite, n }, { finite: true })).toThrow(
      new DataError('input "x": expected finite numbers, got -Infinity at position 1; remove or replace it'),
    );
  });

  it('rejects dims that are not whole numbers', () => {
    for (const dims of [
      [-1, 2],
      [1.5, 2],
      [2 ** 60, 2],
    ]) {
      expect(check({ x: floatTensor(dims, [1, 2]), n })).toThrow(
        `input "x": expected shape [batch, 2], got [${dims.join(', ')}]; dims are whole numbers`,
      );
    }
  });

  it('rejects data of another type than declared', () => {
    const mixed = { type: 'float32', dims: [1, 2], data: [1, 2] } as unknown as RuntimeTensor;
    expect(check({ x: mixed, n })).toThrow(
      'input "x": expected float32 data, got another type; pass a Float32Array',
    );
    const swapped = { type: 'int64', dims: [1], data: Float32Array.of(1) } as unknown as RuntimeTensor;
    expect(check({ x, n: swapped })).toThrow(
      'input "n": expected int64 data, got float32; pass a BigInt64Array',
    );
  });

  it('ignores inherited properties', () => {
    expect(() => {
      checkFeeds([{ name: 'toString', type: 'float32', shape: [1] }], {});
    }).toThrow('input "toString": missing; the inputs of the model are toString');
  });
});

const { model } = fakeManifest().tensors;

describe(checkSession, () => {
  it("takes a file whose tensors are the manifest's, whatever it calls its named dims", () => {
    const renamed = model.inputs.map((input) => ({
      ...input,
      shape: input.shape.map((dim) => (typeof dim === 'string' ? '' : dim)),
    }));
    expect(() => {
      checkSession(fakeSession(renamed), model, 'model.onnx');
    }).not.toThrow();
  });

  it('rejects a file with another fixed dim', () => {
    const [x, state] = model.inputs;
    expect(() => {
      checkSession(fakeSession([x, { ...state, shape: ['batch', 2] }]), model, 'model.onnx');
    }).toThrow(
      'model.onnx: input "state_in": expected float32 [batch, 1] as in the manifest, got float32 [batch, 2]; export the model again',
    );
  });

  it('rejects a file that lacks an output', () => {
    expect(() => {
      checkSession(fakeSession(model.inputs, model.outputs.slice(0, 1)), model, 'model.onnx');
    }).toThrow(
      'model.onnx: output "state_out": expected float32 [batch, 1] as in the manifest, got none; export the model again',
    );
  });

  it('rejects a file with an input that the manifest does not have', () => {
    const extra = { name: 'z', type: 'float32', shape: [1] };
    expect(() => {
      checkSession(fakeSession([...model.inputs, extra]), model, 'model.onnx');
    }).toThrow(
      'model.onnx: input "z": expected no such tensor according to the manifest; export the model again',
    );
  });
});
