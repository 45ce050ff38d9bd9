import type { ProtocolTensor } from './datatypes.ts';
import { ProtocolError } from './protocolError.ts';

/**
 * A tensor's values as the content of a JSON array, flat and row-major.
 *
 * @throws ProtocolError for values that JSON cannot represent: NaN, infinities, and float16
 */
export function tensorText({ type, data }: ProtocolTensor, where: string): string {
  if (type === 'float32' || type === 'float64') return numbersText(data, where);
  if (type === 'bool') return Array.from(data, (value) => value !== 0).join(',');
  if (type === 'string') return data.map((text) => JSON.stringify(text)).join(',');
  if (type !== 'float16') return data.join(',');
  throw new ProtocolError(
    'malformed',
    `${where}: FP16 has no numbers in JSON; ask for it with binary_data true`,
  );
}

/**
 * Numbers as the content of a JSON array, which reads back to the same bits (but for -0, which becomes 0).
 *
 * @throws ProtocolError if one is NaN or an infinity, which JSON cannot represent (`JSON.stringify` writes null)
 */
export function numbersText(data: Float32Array | Float64Array | Int32Array, where: string): string {
  if (!(data instanceof Int32Array)) {
    for (let index = 0; index < data.length; index++) {
      if (!Number.isFinite(data[index])) {
        throw new ProtocolError(
          'not-finite',
          `${where}: the model returned ${data[index]} at position ${index}, which JSON cannot represent; check the magnitude of the inputs, or request binary data`,
        );
      }
    }
  }
  return data.join(',');
}
