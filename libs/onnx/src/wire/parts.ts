/** A message's bytes in pieces, so that large data is copied once: into the file. */
export type Parts = readonly Uint8Array[];

/** Bytes as a field of a message: its number and kind (2: a length, then bytes), the length, the bytes. */
export function lengthPrefixed(field: number, parts: Parts): Parts {
  return [Uint8Array.from([...varint(field * 8 + 2), ...varint(sizeOf(parts))]), ...parts];
}

/** Pieces one after the other in memory of their own. */
export function joinParts(parts: Parts): Uint8Array {
  const whole = new Uint8Array(sizeOf(parts));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Bytes of all pieces together. */
export function sizeOf(parts: Parts): number {
  return parts.reduce((size, { length }) => size + length, 0);
}

/** A whole number in seven bits a byte, low ones first; the top bit says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}
