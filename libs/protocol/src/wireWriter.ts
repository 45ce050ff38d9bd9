const encoder = new TextEncoder();

/** The largest number for JavaScript's 32-bit shifts. */
const MOST_SHIFTED = 0x7fff_ffff;

/** Up to this number of bytes a copy loop is faster than a call of `set`. */
const SHORT_BYTES = 64;

/** Bytes of a number as a varint. A negative number takes ten. */
export function varintSize(value: number): number {
  if (value < 0) return 10;
  let bytes = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) bytes++;
  return bytes;
}

/** Bytes of a text in UTF-8. */
export function textSize(text: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) >= 0x80) return encoder.encode(text).length;
  }
  return text.length;
}

/** Bytes of a length-delimited field: a tag of one byte, the length and the content. */
export function fieldSize(bytes: number): number {
  return 1 + varintSize(bytes) + bytes;
}

/** Writes the fields of a message into a buffer of sufficient size. */
export class WireWriter {
  readonly #target: Uint8Array;
  #at: number;

  constructor(target: Uint8Array, at: number) {
    this.#target = target;
    this.#at = at;
  }

  /** @param value whole, from -(2^53 - 1) to 2^53 - 1 */
  varint(value: number): void {
    const target = this.#target;
    if (value < 0) {
      let left = BigInt.asUintN(64, BigInt(value));
      for (; left >= 0x80n; left >>= 7n) target[this.#at++] = Number(left & 0x7fn) | 0x80;
      target[this.#at++] = Number(left);
      return;
    }
    let left = value;
    for (; left > MOST_SHIFTED; left = Math.floor(left / 0x80)) target[this.#at++] = (left % 0x80) | 0x80;
    for (; left >= 0x80; left >>>= 7) target[this.#at++] = (left & 0x7f) | 0x80;
    target[this.#at++] = left;
  }

  /** Writes a number field, or the tag and length of a message or list. */
  head(tag: number, bytes: number): void {
    this.#target[this.#at++] = tag;
    this.varint(bytes);
  }

  bytes(tag: number, value: Uint8Array): void {
    const { length } = value;
    this.head(tag, length);
    const target = this.#target;
    const at = this.#at;
    if (length > SHORT_BYTES) target.set(value, at);
    else for (let index = 0; index < length; index++) target[at + index] = value[index];
    this.#at = at + length;
  }

  text(tag: number, value: string): void {
    const { length } = value;
    this.head(tag, length);
    const target = this.#target;
    const start = this.#at;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) {
        this.#at = start - varintSize(length) - 1;
        this.bytes(tag, encoder.encode(value));
        return;
      }
      target[start + index] = code;
    }
    this.#at = start + length;
  }
}
