import type { HeaderField } from './staticTable.ts';

/** Index of `:status: 200` among the static fields, as a whole field. */
const STATUS_200 = 0x88;

/**
 * Encodes the fields of an answer, each in full and for no table: the same bytes serve every connection, and most are made once.
 * gRPC's few fields take 35 bytes so.
 *
 * @param fields characters are bytes; names in lower case
 */
export function literalFields(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(fields.map(literalField));
}

function literalField([name, value]: HeaderField): Buffer {
  if (name === ':status' && value === '200') return Buffer.of(STATUS_200);
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

/** Not Huffman coded: short texts gain nothing. */
function text(characters: string): Buffer {
  const bytes = Buffer.from(characters, 'latin1');
  return Buffer.concat([integer(bytes.length), bytes]);
}

const MOST_IN_FIRST = 0x7f;

function integer(value: number): Buffer {
  if (value < MOST_IN_FIRST) return Buffer.of(value);
  const bytes = [MOST_IN_FIRST];
  let left = value - MOST_IN_FIRST;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}
