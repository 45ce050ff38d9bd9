/** Bytes that are not a protobuf message, or not the expected one. */
export class WireError extends Error {}

/** Wire types of fields; a tag is the field's number * 8 + the wire type. */
export const WireType = { VARINT: 0, FIXED64: 1, BYTES: 2, FIXED32: 5 } as const;

/** A byte order mark is a character of a text like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strings up to this length, mostly names, are decoded in a loop: a call of TextDecoder costs more. */
const SHORT_TEXT = 64;

/** Reads the fields of a message. Groups, which proto3 does not have, are rejected, so the nesting is bounded by the message types. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #view: DataView | undefined;
  #at: number;
  readonly #end: number;
  /** The last varint's halves, and its bytes. */
  #low = 0;
  #high = 0;
  #size = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** A field's number * 8 + its wire type. */
  tag(): number {
    this.#varint32();
    if (this.#high !== 0 || this.#low < 8) throw new WireError('a field without a number');
    return this.#low;
  }

  bool(): boolean {
    this.#varint32();
    return this.#low !== 0;
  }

  /** A negative number has all 64 bits. */
  int32(): number {
    this.#varint();
    if (this.#size > 5 && this.#size < 10) throw tooLong();
    return this.#low | 0;
  }

  uint32(): number {
    this.#varint32();
    return this.#low;
  }

  /** The nearest double. */
  int64(): number {
    this.#varint();
    return (this.#high | 0) * TWO_32 + this.#low;
  }

  /** A number, or the digits of one above the exact integers of JavaScript. */
  int64OrDigits(): number | string {
    const value = this.int64();
    return Number.isSafeInteger(value) ? value : String(BigInt.asIntN(64, this.#wide()));
  }

  uint64OrDigits(): number | string {
    const value = this.uint64();
    return Number.isSafeInteger(value) ? value : String(this.#wide());
  }

  /** The nearest double. */
  uint64(): number {
    this.#varint();
    return this.#high * TWO_32 + this.#low;
  }

  float(): number {
    return this.#viewed().getFloat32(this.#take(4), true);
  }

  double(): number {
    return this.#viewed().getFloat64(this.#take(8), true);
  }

  /** A view. */
  bytes(): Uint8Array {
    const start = this.#takeLength();
    return this.#bytes.subarray(start, this.#at);
  }

  message(): WireReader {
    const start = this.#takeLength();
    return new WireReader(this.#bytes, start, this.#at);
  }

  /** @throws WireError for invalid UTF-8 */
  text(): string {
    const text = this.maybeText();
    if (text === undefined) throw new WireError('text that is not UTF-8');
    return text;
  }

  /** Undefined for invalid UTF-8. */
  maybeText(): string | undefined {
    const start = this.#takeLength();
    const bytes = this.#bytes;
    const end = this.#at;
    if (end - start <= SHORT_TEXT) {
      let text = '';
      let at = start;
      while (at < end && bytes[at] < 0x80) text += String.fromCharCode(bytes[at++]);
      if (at === end) return text;
    }
    try {
      return decoder.decode(bytes.subarray(start, end));
    } catch {
      return undefined;
    }
  }

  /**
   * Skips an unknown field. A known field that gets here has a wrong wire type.
   *
   * @param fields the highest known field number
   */
  skip(tag: number, fields: number): void {
    const field = tag >>> 3;
    if (field <= fields) throw new WireError(`field ${field} of another type`);
    const type = tag & 7;
    if (type === WireType.VARINT) this.#varint();
    else if (type === WireType.FIXED64) this.#take(8);
    else if (type === WireType.BYTES) this.#takeLength();
    else if (type === WireType.FIXED32) this.#take(4);
    else throw new WireError(`field ${field} of a type that proto3 does not have`);
  }

  /** The last varint as a bigint. */
  #wide(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  #viewed(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return (this.#view ??= new DataView(buffer, byteOffset, byteLength));
  }

  /** @returns the offset of the bytes */
  #takeLength(): number {
    this.#varint32();
    if (this.#high !== 0) throw ends();
    return this.#take(this.#low);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw ends();
    this.#at = start + length;
    return start;
  }

  /** protobuf would truncate further bits and change the value. */
  #varint32(): void {
    this.#varint();
    if (this.#size > 5) throw tooLong();
  }

  #varint(): void {
    const start = this.#at;
    const bytes = this.#bytes;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte(bytes);
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#low = low;
        this.#high = 0;
        this.#size = this.#at - start;
        return;
      }
    }
    let byte = this.#byte(bytes);
    this.#low = (low | ((byte & 0x0f) << 28)) >>> 0;
    let high = (byte & 0x7f) >>> 4;
    for (let shift = 3; byte >= 0x80; shift += 7) {
      if (shift > 31) throw new WireError('a number of more than 64 bits');
      byte = this.#byte(bytes);
      high |= (byte & 0x7f) << shift;
    }
    this.#high = high >>> 0;
    this.#size = this.#at - start;
  }

  #byte(bytes: Uint8Array): number {
    if (this.#at >= this.#end) throw ends();
    return bytes[this.#at++];
  }
}

const TWO_32 = 4_294_967_296;

function tooLong(): WireError {
  return new WireError('a number of more bits than its field has');
}

function ends(): WireError {
  return new WireError('it ends within a field');
}
