import type { HeaderField } from './staticTable.ts';

/** What a field takes beside its characters. @see https://www.rfc-editor.org/rfc/rfc7541#section-4.1 */
const ENTRY_BYTES = 32;

/** What a field counts, in the table and in a list. */
export function fieldSize([name, value]: HeaderField): number {
  return name.length + value.length + ENTRY_BYTES;
}

/** The fields that the other end has put in, the newest first; the oldest leave when there is no room. */
export class DynamicTable {
  readonly #fields: HeaderField[] = [];
  #size = 0;
  #most: number;

  /** @param most bytes that it may take */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param index 0: the newest */
  at(index: number): HeaderField | undefined {
    return this.#fields.at(index);
  }

  /** A field larger than the table empties it, as it is meant to. */
  add(field: HeaderField): void {
    this.#fields.unshift(field);
    this.#size += fieldSize(field);
    this.#shrink();
  }

  resize(most: number): void {
    this.#most = most;
    this.#shrink();
  }

  #shrink(): void {
    while (this.#size > this.#most) this.#size -= fieldSize(this.#fields.pop() as HeaderField);
  }
}
