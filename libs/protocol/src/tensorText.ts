import type { ProtocolTensor } from './datatypes.ts';
import { numbersText } from './numbersText.ts';
import { ProtocolError } from './protocolError.ts';

/**
 * A tensor's values as JSON has them between brackets, flat and row-major.
 *
 * @throws ProtocolError for what JSON cannot carry: NaN, infinities, and float16
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
