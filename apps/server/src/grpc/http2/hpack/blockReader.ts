import { CompressionError } from './compressionError.ts';
import { maybeHuffmanText } from './huffman.ts';

/** Integers end within so many bytes after the first: 2^28 is more than any length or index here. */
const MOST_BYTES_OF_INTEGER = 4;

/** Reads the integers and strings of a header block. @see https://www.rfc-editor.org/rfc/rfc7541#section-5 */
export class BlockReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The byte that an integer begins in, and what stands before it. */
  byte(): number {
    if (this.done) throw new CompressionError('the header block ends within a field');
    return this.#bytes[this.#at++];
  }

  /**
   * @param first the byte it begins in
   * @param bits  of it that belong to the integer
   */
  integer(first: number, bits: number): number {
    const most = (1 << bits) - 1;
    let value = first & most;
    if (value < most) return value;
    for (let shift = 0; shift < 7 * MOST_BYTES_OF_INTEGER; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new CompressionError('the header block has an integer beyond 2^28');
  }

  /** A character a byte. */
  text(): string {
    const first = this.byte();
    const length = this.integer(first, 7);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new CompressionError('the header block ends within a string');
    const start = this.#at;
    this.#at = end;
    if ((first & 0x80) === 0) return this.#bytes.toString('latin1', start, end);
    const text = maybeHuffmanText(this.#bytes.subarray(start, end));
    if (text === undefined)
      throw new CompressionError('the header block has a string that is no Huffman code');
    return text;
  }
}
