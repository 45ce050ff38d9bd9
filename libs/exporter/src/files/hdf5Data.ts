import { unzlibSync } from 'fflate';
import { halfToFloat } from '../artifacts/halfFloat.ts';
import { typedView } from '../artifacts/typedView.ts';
import type { FileBytes } from './bytes.ts';
import { inflated, MAX_DEFLATE_RATIO } from './deflate.ts';

/** A message of an object header. */
export interface Message {
  readonly type: number;
  readonly at: number;
  readonly size: number;
}

/** Types of messages (HDF5 File Format Specification 3.0, IV.A.2). */
export const messageTypes = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
} as const;

/** The numbers of a data set. */
export interface Hdf5Values {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** Element types (HDF5 File Format Specification 3.0, IV.A.2.d). */
type ElementKind = 'float' | 'signed' | 'unsigned' | 'text' | 'variable text' | 'other';

interface ElementType {
  readonly kind: ElementKind;
  /** Bytes. */
  readonly size: number;
}

function typeAt(bytes: FileBytes, at: number): ElementType {
  const [head, flags, size] = [bytes.u8(at), bytes.u8(at + 1), bytes.u32(at + 4)];
  const bigEndian = (flags & 1) === 1;
  switch (head & 0x0f) {
    case 0:
      return { kind: bigEndian ? 'other' : flags & 8 ? 'signed' : 'unsigned', size };
    case 1:
      return { kind: bigEndian ? 'other' : 'float', size };
    case 3:
      return { kind: 'text', size };
    case 8:
      // An enumeration, as h5py stores booleans, with its base type behind.
      return typeAt(bytes, at + 8);
    case 9:
      return { kind: (flags & 0x0f) === 1 ? 'variable text' : 'other', size };
    default:
      return { kind: 'other', size };
  }
}

/** A dataspace: no dims for a scalar. */
function shapeAt(bytes: FileBytes, at: number): number[] {
  const [version, rank] = [bytes.u8(at), bytes.u8(at + 1)];
  const start = version === 1 ? 8 : 4;
  return Array.from({ length: rank }, (_, dim) => bytes.u64(at + start + dim * 8));
}

/** How the elements of a type become float32. */
const readers: Readonly<Record<string, (stored: Uint8Array) => Float32Array>> = {
  float2: (stored) => Float32Array.from(typedView(Uint16Array, stored), halfToFloat),
  float4: (stored) => typedView(Float32Array, stored),
  float8: (stored) => Float32Array.from(typedView(Float64Array, stored)),
  signed1: (stored) => Float32Array.from(typedView(Int8Array, stored)),
  signed4: (stored) => Float32Array.from(typedView(Int32Array, stored)),
  signed8: (stored) => Float32Array.from(typedView(BigInt64Array, stored), Number),
  unsigned1: (stored) => Float32Array.from(stored),
  unsigned4: (stored) => Float32Array.from(typedView(Uint32Array, stored)),
  unsigned8: (stored) => Float32Array.from(typedView(BigUint64Array, stored), Number),
};

function messageOf(bytes: FileBytes, messages: readonly Message[], type: number, path: string): Message {
  return (
    messages.find((message) => message.type === type) ??
    bytes.damaged(`"${path}": expected its shape, type and layout, got a data set without`)
  );
}

/** Reads data sets. Their bytes are read once: data sets that share them would make a small file take any amount of memory. */
export class DatasetReader {
  private readonly bytes: FileBytes;
  private left: number;

  constructor(bytes: FileBytes) {
    this.bytes = bytes;
    this.left = bytes.size;
  }

  /**
   * The numbers of a data set.
   *
   * @throws ModelError for a type that is not a number, another layout or filter, or sizes that disagree
   */
  read(messages: readonly Message[], path: string): Hdf5Values {
    const { bytes } = this;
    const { kind, size } = typeAt(bytes, messageOf(bytes, messages, messageTypes.datatype, path).at);
    const shape = shapeAt(bytes, messageOf(bytes, messages, messageTypes.dataspace, path).at);
    const name = `${kind}${size}`;
    if (!Object.hasOwn(readers, name)) {
      bytes.damaged(
        `"${path}": expected float or integer values in little-endian order, got ${kind} of ${size} bytes`,
      );
    }
    const total = shape.reduce((product, dim) => product * dim, size);
    const { at } = messageOf(bytes, messages, messageTypes.layout, path);
    const [version, layout] = [bytes.u8(at), bytes.u8(at + 1)];
    if (version !== 3 && (version !== 4 || layout === 2))
      bytes.damaged(`"${path}": expected a data layout of version 3, got version ${version}`);
    if (layout === 2) {
      const filters = messages.find(({ type }) => type === messageTypes.filters);
      const pipeline = filters === undefined ? [] : filtersAt(bytes, filters.at, path);
      const take = (start: number, length: number): Uint8Array => this.take(start, length, path);
      return { shape, data: readers[name](readChunks(bytes, at, shape, size, pipeline, path, take)) };
    }
    const [start, stored] =
      layout === 0 ? [at + 4, bytes.u16(at + 2)] : [bytes.u64(at + 2), bytes.u64(at + 10)];
    // An empty data set has no address.
    if (total === 0) return { shape, data: new Float32Array() };
    if (stored !== total)
      bytes.damaged(`"${path}": expected ${total} bytes for [${shape.join(', ')}], got ${stored}`);
    return { shape, data: readers[name](this.take(start, total, path)) };
  }

  private take(start: number, length: number, path: string): Uint8Array {
    this.left -= length;
    if (this.left < 0) this.bytes.damaged(`"${path}": expected data sets of their own, got shared bytes`);
    return this.bytes.slice(start, length);
  }
}

/** Filters by their numbers: 1 deflate, 2 shuffle, 3 Fletcher's checksum. */
function filtersAt(bytes: FileBytes, at: number, path: string): number[] {
  const [version, count] = [bytes.u8(at), bytes.u8(at + 1)];
  let place = at + (version === 1 ? 8 : 2);
  return Array.from({ length: count }, () => {
    const id = bytes.u16(place);
    if (id < 1 || id > 3)
      bytes.damaged(`"${path}": expected data without compression or with gzip, got filter ${id} of HDF5`);
    const named = version === 1 ? bytes.u16(place + 2) : 0;
    const values = bytes.u16(place + (version === 1 ? 6 : 4));
    place += (version === 1 ? 8 : 6) + Math.ceil(named / 8) * 8 + values * 4;
    if (version === 1 && values % 2 === 1) place += 4;
    return id;
  });
}

/** Chunks of equal size from a B-tree of version 1, each cut to the data set's shape. */
function readChunks(
  bytes: FileBytes,
  at: number,
  shape: readonly number[],
  size: number,
  filters: readonly number[],
  path: string,
  take: (start: number, length: number) => Uint8Array,
): Uint8Array {
  const rank = bytes.u8(at + 2) - 1;
  const chunk = shape.map((_, dim) => bytes.u32(at + 11 + dim * 4));
  const chunkBytes = chunk.reduce((product, dim) => product * dim, size);
  const total = shape.reduce((product, dim) => product * dim, size);
  const counts = shape.map((dim, axis) => Math.ceil(dim / chunk[axis]));
  const expected = counts.reduce((product, count) => product * count, 1);
  const most = bytes.size * MAX_DEFLATE_RATIO;
  if (rank !== shape.length || !(chunkBytes > 0) || expected * chunkBytes > most)
    bytes.damaged(`"${path}": expected chunks of data in the file, got sizes beyond it`);
  const data = new Uint8Array(total);
  const visited = new Set<number>();
  const nodes = [bytes.u64(at + 3)];
  let found = 0;
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (visited.has(node) || bytes.ascii(node, 4) !== 'TREE' || bytes.u8(node + 4) !== 1)
      bytes.damaged(`"${path}": expected a B-tree of chunks at ${node}, got other bytes`);
    visited.add(node);
    const [level, used] = [bytes.u8(node + 5), bytes.u16(node + 6)];
    const keySize = 8 + (rank + 1) * 8;
    for (let index = 0; index < used; index++) {
      const key = node + 24 + index * (keySize + 8);
      const child = bytes.u64(key + keySize);
      if (level > 0) {
        nodes.push(child);
        continue;
      }
      const start = shape.map((_, dim) => bytes.u64(key + 8 + dim * 8));
      if (start.some((place, dim) => place % chunk[dim] !== 0 || place >= shape[dim]) || ++found > expected)
        bytes.damaged(`"${path}": expected each chunk once and inside the data, got another`);
      const raw = unfiltered(bytes, take(child, bytes.u32(key)), filters, size, chunkBytes, path);
      copyChunk(data, shape, raw, chunk, start, size);
    }
  }
  if (found !== expected) bytes.damaged(`"${path}": expected ${expected} chunks of data, got ${found}`);
  return data;
}

function unfiltered(
  bytes: FileBytes,
  stored: Uint8Array,
  filters: readonly number[],
  size: number,
  chunkBytes: number,
  path: string,
): Uint8Array {
  let data = stored;
  for (const filter of filters.toReversed()) {
    if (filter === 3) data = data.subarray(0, -4);
    if (filter === 1) data = inflated(unzlibSync, bytes, path, data, chunkBytes);
    if (filter === 2) data = unshuffled(data, size);
  }
  if (data.length !== chunkBytes)
    bytes.damaged(`"${path}": expected chunks of ${chunkBytes} bytes, got ${data.length}`);
  return data;
}

/** The first bytes of all elements come first, then the second ones. */
function unshuffled(data: Uint8Array, size: number): Uint8Array {
  const count = data.length / size;
  return Uint8Array.from(data, (_, at) => data[(at % size) * count + Math.floor(at / size)]);
}

/** Copies the rows of a chunk that are inside the data set. */
function copyChunk(
  data: Uint8Array,
  shape: readonly number[],
  chunk: Uint8Array,
  dims: readonly number[],
  start: readonly number[],
  size: number,
): void {
  const last = shape.length - 1;
  const width = Math.min(dims[last], shape[last] - start[last]) * size;
  const rows = dims.slice(0, last).reduce((product, dim) => product * dim, 1);
  for (let row = 0; row < rows; row++) {
    let rest = row;
    let [to, stride, inside] = [start[last], shape[last], true];
    for (let dim = last - 1; dim >= 0; dim--) {
      const place = start[dim] + (rest % dims[dim]);
      rest = Math.floor(rest / dims[dim]);
      inside &&= place < shape[dim];
      to += place * stride;
      stride *= shape[dim];
    }
    if (inside) data.set(chunk.subarray(row * dims[last] * size, row * dims[last] * size + width), to * size);
  }
}

interface Attribute {
  readonly name: string;
  read(): readonly string[] | undefined;
}

/** The attributes of groups that hold text. */
export class TextAttributes {
  private readonly bytes: FileBytes;
  private readonly heaps = new Map<number, ReadonlyMap<number, Uint8Array>>();
  private readonly known = new Map<readonly Message[], ReadonlyMap<string, Attribute>>();

  constructor(bytes: FileBytes) {
    this.bytes = bytes;
  }

  /** The texts of an attribute; undefined if the group has none of that name, or one with other values. */
  of(messages: readonly Message[], name: string): readonly string[] | undefined {
    let attributes = this.known.get(messages);
    if (attributes === undefined) {
      const found = messages.filter(({ type }) => type === messageTypes.attribute);
      attributes = new Map(found.map((message) => this.attributeAt(message)).map((one) => [one.name, one]));
      this.known.set(messages, attributes);
    }
    return attributes.get(name)?.read();
  }

  private attributeAt({ at, size }: Message): Attribute {
    const { bytes } = this;
    const version = bytes.u8(at);
    // Version 1 pads each part to 8 bytes, version 3 has a character set.
    const padded = (length: number): number => (version === 1 ? Math.ceil(length / 8) * 8 : length);
    const [nameSize, typeSize, spaceSize] = [2, 4, 6].map((part) => bytes.u16(at + part));
    const nameAt = at + (version === 3 ? 9 : 8);
    const typePlace = nameAt + padded(nameSize);
    const spacePlace = typePlace + padded(typeSize);
    const start = spacePlace + padded(spaceSize);
    const name = bytes.text(nameAt, nameSize);
    const read = (): readonly string[] | undefined => {
      const element = typeAt(bytes, typePlace);
      const count = shapeAt(bytes, spacePlace).reduce((product, dim) => product * dim, 1);
      if (element.kind !== 'text' && element.kind !== 'variable text') return undefined;
      if (element.size === 0 || start + count * element.size > at + size)
        bytes.damaged(`attribute "${name}": expected ${count} texts inside its message, got more`);
      return Array.from({ length: count }, (_, index) => {
        const place = start + index * element.size;
        return element.kind === 'text' ? bytes.text(place, element.size) : this.variable(place);
      });
    };
    return { name, read };
  }

  /** Text of variable length: its length, the address of a global heap, and the index there. */
  private variable(at: number): string {
    const { bytes } = this;
    const [length, address, index] = [bytes.u32(at), bytes.u64(at + 4), bytes.u32(at + 12)];
    const heap = this.heaps.get(address) ?? heapAt(bytes, address);
    this.heaps.set(address, heap);
    const data = heap.get(index);
    if (data === undefined || data.length < length)
      return bytes.damaged(`expected ${length} bytes of text in the heap at ${address}, got none`);
    return new TextDecoder().decode(data.subarray(0, length));
  }
}

function heapAt(bytes: FileBytes, address: number): ReadonlyMap<number, Uint8Array> {
  if (bytes.ascii(address, 4) !== 'GCOL')
    bytes.damaged(`expected a global heap at ${address}, got other bytes`);
  const objects = new Map<number, Uint8Array>();
  const end = address + bytes.u64(address + 8);
  for (let place = address + 16; place + 16 <= end;) {
    const [index, size] = [bytes.u16(place), bytes.u64(place + 8)];
    if (index === 0) break;
    objects.set(index, bytes.slice(place + 16, size));
    place += 16 + Math.ceil(size / 8) * 8;
  }
  return objects;
}
