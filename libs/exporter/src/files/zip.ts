import { inflateSync } from 'fflate';
import type { FileBytes } from './bytes.ts';
import { inflated, MAX_DEFLATE_RATIO } from './deflate.ts';

/** A file inside a zip. */
interface Entry {
  readonly at: number;
  readonly method: number;
  readonly crc: number;
  readonly stored: number;
  readonly size: number;
}

/** Whether bytes start as a zip does. */
export function isZip(bytes: Uint8Array): boolean {
  return [0x50, 0x4b, 3, 4].every((byte, at) => bytes.at(at) === byte);
}

/** A zip of named files. */
export interface Zip {
  readonly names: readonly string[];
  /**
   * @throws ModelError for a damaged file; undefined if the zip has none of that name
   */
  read(name: string): Uint8Array | undefined;
}

/** Bytes before the end of a zip that its comment may take. */
const MAX_COMMENT = 65_535;

/**
 * The files of a zip (APPNOTE 6.3.10, zip64 included), stored or deflated. Sizes and checksums of each file that is read are checked; a
 * file that claims to be larger than deflate can make it is rejected before it is unpacked.
 *
 * @throws ModelError for anything but a zip
 */
export function readZip(bytes: FileBytes): Zip {
  const entries = new Map<string, Entry>();
  const [start, count] = directoryOf(bytes);
  let place = start;
  for (let index = 0; index < count; index++) {
    if (bytes.u32(place) !== 0x02014b50) bytes.damaged(`expected ${count} files in the zip, got ${index}`);
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((part) => bytes.u16(place + part));
    const [stored, size, at] = wideSizes(bytes, place, nameSize, extraSize);
    const name = bytes.text(place + 46, nameSize);
    if (bytes.u16(place + 8) & 1)
      bytes.damaged(`"${name}": expected a plain file in the zip, got an encrypted one`);
    entries.set(name, { at, method: bytes.u16(place + 10), crc: bytes.u32(place + 16), stored, size });
    place += 46 + nameSize + extraSize + commentSize;
  }
  return {
    names: [...entries.keys()],
    read: (name) => {
      const entry = entries.get(name);
      return entry === undefined ? undefined : readEntry(bytes, name, entry);
    },
  };
}

/** Start of the central directory and number of files. */
function directoryOf(bytes: FileBytes): [start: number, count: number] {
  const last = bytes.size - 22;
  for (let at = last; at >= 0 && at >= last - MAX_COMMENT; at--) {
    if (bytes.u32(at) !== 0x06054b50) continue;
    const [count, start] = [bytes.u16(at + 10), bytes.u32(at + 16)];
    if (count !== 0xffff && start !== 0xffffffff) return [start, count];
    // Zip64: a locator before, with the address of the larger record.
    if (bytes.u32(at - 20) !== 0x07064b50) return [start, count];
    const record = bytes.u64(at - 12);
    return [bytes.u64(record + 48), bytes.u64(record + 32)];
  }
  return bytes.damaged('expected a zip, got a file without its directory');
}

/** Stored size, size and address of a file; those of 4 GB or more are in the extra field of zip64. */
function wideSizes(bytes: FileBytes, at: number, nameSize: number, extraSize: number): number[] {
  const narrow = [bytes.u32(at + 24), bytes.u32(at + 20), bytes.u32(at + 42)];
  let wide = -1;
  for (let field = at + 46 + nameSize; field + 4 <= at + 46 + nameSize + extraSize;) {
    if (bytes.u16(field) === 1) wide = field + 4;
    field += 4 + bytes.u16(field + 2);
  }
  const [size, stored, start] = narrow.map((value) => {
    if (value !== 0xffffffff || wide < 0) return value;
    wide += 8;
    return bytes.u64(wide - 8);
  });
  return [stored, size, start];
}

function readEntry(bytes: FileBytes, name: string, { at, method, crc, stored, size }: Entry): Uint8Array {
  if (bytes.u32(at) !== 0x04034b50)
    bytes.damaged(`"${name}": expected a file in the zip at ${at}, got other bytes`);
  const data = bytes.slice(at + 30 + bytes.u16(at + 26) + bytes.u16(at + 28), stored);
  if (method !== 0 && method !== 8)
    bytes.damaged(
      `"${name}": expected a stored or deflated file in the zip, got compression method ${method}`,
    );
  if (method === 0 ? size !== stored : size > stored * MAX_DEFLATE_RATIO)
    bytes.damaged(`"${name}": expected a size that fits its ${stored} bytes in the zip, got ${size}`);
  const whole = method === 0 ? data : inflated(inflateSync, bytes, name, data, size);
  if (crc32(whole) !== crc) bytes.damaged(`"${name}": expected the checksum of the zip, got another`);
  return whole;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
