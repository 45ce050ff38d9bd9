import { ConnectionError, ErrorCode } from './frames.ts';
import { maybeHuffmanText, staticTable } from './hpackTables.ts';
import type { HeaderField } from './hpackTables.ts';

/** Size of the decoder's dynamic table: the default, which every client may use without asking. */
export const TABLE_BYTES = 4096;

/** Size updates at the start of a block: the smallest size since the previous block, and the final one. */
const MAX_SIZE_UPDATES = 2;

/** Overhead of a field, in the table and in a list. @see https://www.rfc-editor.org/rfc/rfc7541#section-4.1 */
const FIELD_OVERHEAD_BYTES = 32;

/** Bytes of an integer after the first: values to 2^28 exceed every length and index accepted here. */
const MAX_CONTINUATION_BYTES = 4;

export interface HeaderList {
  readonly fields: readonly HeaderField[];
  /** The list exceeds the limit; the remaining fields are left out. */
  readonly tooLarge: boolean;
}

/** Decodes the header blocks of one connection. @see https://www.rfc-editor.org/rfc/rfc7541 */
export class HeaderDecoder {
  readonly #table = new DynamicTable(TABLE_BYTES);
  readonly #maxListBytes: number;
  /** Increases with each block that changes the table: under one version, equal bytes decode to equal lists. */
  tableVersion = 0;

  /** @param maxListBytes limit of a list's size, counted as SETTINGS_MAX_HEADER_LIST_SIZE */
  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes;
  }

  /**
   * Decodes the whole block even if its list is too large, since every field may change the table.
   *
   * @throws ConnectionError COMPRESSION_ERROR; the tables of both ends differ from then on
   */
  decode(block: Buffer): HeaderList {
    const reader = new BlockReader(block);
    const fields: HeaderField[] = [];
    let remaining = this.#maxListBytes;
    let updates = 0;
    let changed = false;
    while (!reader.done) {
      const first = reader.byte();
      if (first >= 0x20 && first < 0x40) {
        if (fields.length > 0 || remaining < this.#maxListBytes || ++updates > MAX_SIZE_UPDATES) {
          throw compressionError('a table size update is not at the start of the header block');
        }
        this.#resize(reader.integer(first, 5));
        changed = true;
        continue;
      }
      const isIndexing = first >= 0x40 && first < 0x80;
      const field =
        first >= 0x80 ? this.#at(reader.integer(first, 7)) : this.#literal(reader, first, isIndexing);
      if (isIndexing) {
        this.#table.add(field);
        changed = true;
      }
      remaining -= fieldSize(field);
      if (remaining >= 0) fields.push(field);
    }
    if (changed) this.tableVersion++;
    return { fields, tooLarge: remaining < 0 };
  }

  #literal(reader: BlockReader, first: number, isIndexing: boolean): HeaderField {
    const index = reader.integer(first, isIndexing ? 6 : 4);
    const name = index === 0 ? reader.text() : this.#at(index)[0];
    return [name, reader.text()];
  }

  #at(index: number): HeaderField {
    const field =
      index <= staticTable.length
        ? staticTable.at(index === 0 ? staticTable.length : index - 1)
        : this.#table.at(index - staticTable.length - 1);
    if (field === undefined) throw compressionError(`the header block refers to unknown field ${index}`);
    return field;
  }

  #resize(bytes: number): void {
    if (bytes > TABLE_BYTES) {
      throw compressionError(`table size update: expected at most ${TABLE_BYTES} bytes, got ${bytes}`);
    }
    this.#table.resize(bytes);
  }
}

function compressionError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, message);
}

function fieldSize([name, value]: HeaderField): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES;
}

/** Fields that the peer has added, newest first; the oldest are evicted. */
class DynamicTable {
  readonly #fields: HeaderField[] = [];
  #size = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @param index 0: the newest */
  at(index: number): HeaderField | undefined {
    return this.#fields.at(index);
  }

  /** A field larger than the table empties it. @see https://www.rfc-editor.org/rfc/rfc7541#section-4.4 */
  add(field: HeaderField): void {
    this.#fields.unshift(field);
    this.#size += fieldSize(field);
    this.#evict();
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#maxBytes) this.#size -= fieldSize(this.#fields.pop() as HeaderField);
  }
}

/** Reads the integers and strings of a header block. @see https://www.rfc-editor.org/rfc/rfc7541#section-5 */
class BlockReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  byte(): number {
    if (this.done) throw compressionError('the header block ends within a field');
    return this.#bytes[this.#offset++];
  }

  /**
   * @param first      the byte that the integer starts in
   * @param prefixBits bits of it that belong to the integer
   */
  integer(first: number, prefixBits: number): number {
    const maxPrefix = (1 << prefixBits) - 1;
    let value = first & maxPrefix;
    if (value < maxPrefix) return value;
    for (let shift = 0; shift < 7 * MAX_CONTINUATION_BYTES; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw compressionError('the header block contains an integer beyond 2^28');
  }

  /** One character per byte. */
  text(): string {
    const first = this.byte();
    const length = this.integer(first, 7);
    const start = this.#offset;
    const end = start + length;
    if (end > this.#bytes.length) throw compressionError('the header block ends within a string');
    this.#offset = end;
    if ((first & 0x80) === 0) return this.#bytes.toString('latin1', start, end);
    const text = maybeHuffmanText(this.#bytes.subarray(start, end));
    if (text === undefined) throw compressionError('the header block contains an invalid Huffman code');
    return text;
  }
}

/** `:status: 200` as an indexed field of the static table. */
const STATUS_200 = 0x88;

/**
 * Encodes response fields as literals without indexing: the bytes suit every connection, and most blocks are encoded once.
 *
 * @param fields one character per byte; names in lower case
 */
export function encodeLiteralFields(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) =>
      name === ':status' && value === '200'
        ? Buffer.of(STATUS_200)
        : Buffer.concat([Buffer.of(0), encodeText(name), encodeText(value)]),
    ),
  );
}

/** Without Huffman code: short texts gain nothing from it. */
function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([encodeInteger(bytes.length), bytes]);
}

const MAX_PREFIX = 0x7f;

function encodeInteger(value: number): Buffer {
  if (value < MAX_PREFIX) return Buffer.of(value);
  const bytes = [MAX_PREFIX];
  let rest = value - MAX_PREFIX;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
