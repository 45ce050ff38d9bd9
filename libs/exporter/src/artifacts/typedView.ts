interface TypedArrayClass<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/** A typed view of bytes; copies only bytes that are not aligned. */
export function typedView<T>(list: TypedArrayClass<T>, stored: Uint8Array): T {
  const size = list.BYTES_PER_ELEMENT;
  // Not slice: that of a Buffer copies nothing.
  const { buffer, byteOffset, length } = stored.byteOffset % size === 0 ? stored : new Uint8Array(stored);
  return new list(buffer, byteOffset, length / size);
}
