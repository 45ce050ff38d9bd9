import { describe, expect, it } from 'vitest';
import { bindRequest } from './bindRequest.ts';
import type { BoundRequest } from './bindRequest.ts';
import { decodeInferRequest } from './inferRequest.ts';
import type { ModelTensors } from './modelTensors.ts';

const outputs: ModelTensors['outputs'] = [{ name: 'y', type: 'float32', shape: ['batch', 2] }];
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const modelOf = (...shape: (string | number)[]): ModelTensors => ({
  inputs: [{ name: 'x', type: 'float32', shape }],
  outputs,
});

/** A body without a JSON part. */
const bindRaw = (body: Uint8Array, model: ModelTensors, maxValues: number): BoundRequest =>
  bindRequest(decodeInferRequest(body, 0, maxValues), model, maxValues);

describe('bindRequest of a raw body', () => {
  it('takes the body for the one input, whose last open dim it fills, and answers in bytes', () => {
    const body = floats(1, 2, 3, 4, 5, 6);
    expect(bindRaw(body, modelOf('batch', 'time', 2), 100)).toMatchObject({
      inputs: { x: { dims: [1, 3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) } },
      outputs: [{ name: 'y', binary: true }],
    });
    expect(bindRaw(body, modelOf('batch', 2), 100).inputs.x.dims).toEqual([3, 2]);
    expect(bindRaw(body, modelOf(6), 100).inputs.x.dims).toEqual([6]);
  });

  it('takes it for one string where the input is text', () => {
    const model: ModelTensors = { inputs: [{ name: 'words', type: 'string', shape: ['batch', 1] }], outputs };
    expect(bindRaw(new TextEncoder().encode('grüß'), model, 100).inputs.words).toEqual({
      type: 'string',
      dims: [1, 1],
      data: ['grüß'],
    });
  });

  it('rejects bytes that are not whole rows, too many rows, and a model with several inputs', () => {
    expect(() => bindRaw(floats(1, 2, 3), modelOf('batch', 2), 100)).toThrow(
      'input "x": expected 8 bytes for shape [1, 2], got 12; correct the shape or binary_data_size',
    );
    expect(() => bindRaw(floats(1, 2, 3, 4), modelOf('batch', 2), 3)).toThrow(
      'input "x": expected at most 3 values, got shape [2, 2]; send fewer rows or samples at a time',
    );
    const { inputs } = modelOf('batch');
    const several = { inputs: [...inputs, { ...inputs[0], name: 'z' }], outputs };
    expect(() => bindRaw(floats(1), several, 100)).toThrow(
      'Inference-Header-Content-Length: expected the length of a JSON part, since the model takes x and z, got 0; name each input in JSON before its bytes',
    );
  });

  it('takes NaN and infinities only for a model that allows them, such as an attention mask', () => {
    const body = floats(0, -Infinity, NaN, 1);
    expect(() => bindRaw(body, modelOf('batch', 2), 100)).toThrow(
      'input "x": expected finite numbers, got -Infinity at position 1; remove or replace it',
    );
    const { data } = bindRaw(body, { ...modelOf('batch', 2), allowsNonFinite: true }, 100).inputs.x;
    expect(data).toEqual(Float32Array.of(0, -Infinity, NaN, 1));
  });
});
