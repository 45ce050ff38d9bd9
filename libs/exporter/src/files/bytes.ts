import { ModelError } from '@onda/contract';

/** Little-endian reads from a file; every read is checked against its size. */
export class FileBytes {
  readonly file: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  /** @param file name for errors */
  constructor(bytes: Uint8Array, file: string) {
    this.file = file;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get size(): number {
    return this.bytes.length;
  }

  u8(at: number): number {
    return this.view.getUint8(this.checked(at, 1));
  }

  u16(at: number): number {
    return this.view.getUint16(this.checked(at, 2), true);
  }

  u32(at: number): number {
    return this.view.getUint32(this.checked(at, 4), true);
  }

  /** A 64-bit size or address; above 2^53 it is beyond any file, as the undefined address of HDF5 is. */
  u64(at: number): number {
    return Number(this.view.getBigUint64(this.checked(at, 8), true));
  }

  /** An unsigned number of 1 to 8 bytes. */
  uint(at: number, size: number): number {
    let value = 0;
    for (let index = size - 1; index >= 0; index--) value = value * 256 + this.u8(at + index);
    return value;
  }

  /** A view of `size` bytes. */
  slice(at: number, size: number): Uint8Array {
    const start = this.checked(at, size);
    return this.bytes.subarray(start, start + size);
  }

  /** Text of `size` bytes, one character each. */
  ascii(at: number, size: number): string {
    return String.fromCharCode(...this.slice(at, size));
  }

  /** UTF-8 text of `size` bytes, up to the first NUL. */
  text(at: number, size: number): string {
    const bytes = this.slice(at, size);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** @throws ModelError that says the file is damaged */
  damaged(what: string): never {
    throw new ModelError(`${this.file}: ${what}; the file is damaged or cut short, save the model again`);
  }

  private checked(at: number, size: number): number {
    if (at >= 0 && size >= 0 && at + size <= this.bytes.length) return at;
    return this.damaged(`expected ${size} bytes at ${at}, got a file of ${this.bytes.length} bytes`);
  }
}
