import { BlockReader } from './blockReader.ts';
import { CompressionError } from './compressionError.ts';
import { DynamicTable, fieldSize } from './dynamicTable.ts';
import { staticTable } from './staticTable.ts';
import type { HeaderField } from './staticTable.ts';

/** Bytes of the table, what every HTTP/2 client may take without asking. */
export const TABLE_BYTES = 4096;

/** Size updates that may begin a block: the smallest size that was set between two blocks, and the last. */
const MOST_SIZE_UPDATES = 2;

/** A block's fields in their order. */
export interface HeaderList {
  readonly fields: readonly HeaderField[];
  /** It counted more than the limit; the fields beyond are left out. */
  readonly tooLarge: boolean;
}

/** Reads header blocks of one connection. @see https://www.rfc-editor.org/rfc/rfc7541 */
export class HeaderDecoder {
  readonly #table = new DynamicTable(TABLE_BYTES);
  readonly #mostBytes: number;
  /** Blocks that changed the table: with the same number, the same bytes are the same list. */
  version = 0;

  /** @param mostBytes what a list may count, as RFC 9113 counts it */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /**
   * The whole block is read even if its list is too large, since it changes the table.
   *
   * @throws CompressionError
   */
  decode(block: Buffer): HeaderList {
    const reader = new BlockReader(block);
    const fields: HeaderField[] = [];
    let left = this.#mostBytes;
    let updates = 0;
    let changed = false;
    while (!reader.done) {
      const first = reader.byte();
      if (first >= 0x20 && first < 0x40) {
        if (fields.length > 0 || left < this.#mostBytes || ++updates > MOST_SIZE_UPDATES) {
          throw new CompressionError('the header block changes the size of its table within');
        }
        this.#resize(reader.integer(first, 5));
        changed = true;
        continue;
      }
      const adds = first >= 0x40 && first < 0x80;
      const field = first >= 0x80 ? this.#at(reader.integer(first, 7)) : this.#literal(reader, first, adds);
      if (adds) {
        this.#table.add(field);
        changed = true;
      }
      left -= fieldSize(field);
      if (left >= 0) fields.push(field);
    }
    if (changed) this.version++;
    return { fields, tooLarge: left < 0 };
  }

  /** A name by its index or in full, and a value. */
  #literal(reader: BlockReader, first: number, adds: boolean): HeaderField {
    const index = reader.integer(first, adds ? 6 : 4);
    const name = index === 0 ? reader.text() : this.#at(index)[0];
    return [name, reader.text()];
  }

  #at(index: number): HeaderField {
    const field =
      index <= staticTable.length
        ? staticTable.at(index === 0 ? staticTable.length : index - 1)
        : this.#table.at(index - staticTable.length - 1);
    if (field === undefined)
      throw new CompressionError(`the header block names field ${index}, which is not there`);
    return field;
  }

  #resize(bytes: number): void {
    if (bytes > TABLE_BYTES) {
      throw new CompressionError(
        `the header block sets a table of ${bytes} bytes, beyond the ${TABLE_BYTES} allowed`,
      );
    }
    this.#table.resize(bytes);
  }
}
