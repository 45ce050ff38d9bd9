import { ProtocolError } from './protocolError.ts';

/**
 * Numbers as JSON has them between brackets, read back to the same bits (but for -0, which becomes 0).
 *
 * @throws ProtocolError if one is NaN or an infinity, which JSON cannot carry and `JSON.stringify` would call null
 */
export function numbersText(data: Float32Array | Float64Array | Int32Array, where: string): string {
  if (!(data instanceof Int32Array)) {
    for (let index = 0; index < data.length; index++) {
      if (!Number.isFinite(data[index])) {
        throw new ProtocolError(
          'not-finite',
          `${where}: the model's answer has ${data[index]} at position ${index}, which JSON cannot carry; check the size of the values sent, or ask for binary data`,
        );
      }
    }
  }
  return data.join(',');
}
