import { describe, expect, it } from 'vitest';
import { encodeInferResponse } from './inferResponse.ts';
import type { InferResponse } from './inferResponse.ts';
import { ProtocolError } from './protocolError.ts';

function response(data: Float32Array, binary = false): InferResponse {
  return {
    modelName: 'm',
    modelVersion: '1',
    id: undefined,
    outputs: [{ name: 'y', tensor: { type: 'float32', dims: [1, data.length], data }, binary }],
  };
}

describe(encodeInferResponse, () => {
  it('gives JSON whose numbers read back to the same float32', () => {
    const data = Float32Array.of(0.1, -1e-38, 3.4028235e38, 1 / 3);
    const { body } = encodeInferResponse({ ...response(data), id: 'a"b' });
    expect(JSON.parse(body as string)).toEqual({
      model_name: 'm',
      model_version: '1',
      id: 'a"b',
      outputs: [{ name: 'y', shape: [1, 4], datatype: 'FP32', data: [...data] }],
    });
  });

  it('gives integers whole', () => {
    const tensor = { type: 'int64' as const, dims: [1], data: BigInt64Array.of(2n ** 60n) };
    const { body } = encodeInferResponse({
      ...response(Float32Array.of()),
      outputs: [{ name: 'n', tensor, binary: false }],
    });
    expect(body).toContain('"datatype":"INT64","data":[1152921504606846976]');
  });

  it('gives binary outputs after the JSON, and says how long it is', () => {
    const data = Float32Array.of(1, 2, NaN);
    const { body, headerLength } = encodeInferResponse(response(data.subarray(1), true));
    const bytes = body as Uint8Array;
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(0, headerLength)))).toEqual({
      model_name: 'm',
      model_version: '1',
      outputs: [{ name: 'y', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } }],
    });
    expect(new Float32Array(bytes.slice(headerLength).buffer)).toEqual(Float32Array.of(2, NaN));
  });

  it('refuses to call NaN null in JSON', () => {
    expect(() => encodeInferResponse(response(Float32Array.of(1, NaN)))).toThrow(
      new ProtocolError(
        'not-finite',
        'output "y": the model returned NaN at position 1, which JSON cannot represent; check the magnitude of the inputs, or request binary data',
      ),
    );
    const tensor = { type: 'float64' as const, dims: [1], data: Float64Array.of(-Infinity) };
    const double = { ...response(Float32Array.of()), outputs: [{ name: 'y', tensor, binary: false }] };
    expect(() => encodeInferResponse(double)).toThrow('returned -Infinity at position 0');
  });
});
