import type { FileBytes } from './bytes.ts';
import type { Hdf5Values, Message } from './hdf5Data.ts';
import { DatasetReader, messageTypes, TextAttributes } from './hdf5Data.ts';

/** The data sets of an HDF5 file by path, and the attributes of its groups. */
export interface Hdf5File {
  readonly datasets: ReadonlyMap<string, () => Hdf5Values>;
  /** The texts of a group's attribute; undefined if the group or the attribute is missing. The root's path is ''. */
  attribute(path: string, name: string): readonly string[] | undefined;
}

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes start as an HDF5 file does. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, at) => bytes.at(at) === byte);
}

/** The address of nothing, rounded to a double. */
const UNDEFINED = 2 ** 64;

/** Groups within groups; Keras' models have about five for each nested model. */
const MAX_DEPTH = 100;

/**
 * The contents of an HDF5 file as h5py writes it: superblocks 0 to 3, groups of symbol tables or links, data sets that are contiguous,
 * compact, or chunked with deflate. Each structure is visited once, so the work is linear in the size of the file.
 *
 * @throws ModelError for a damaged file, or a part of the format that Keras does not use
 */
export function readHdf5(bytes: FileBytes): Hdf5File {
  const datasets = new Map<string, () => Hdf5Values>();
  const groups = new Map<string, readonly Message[]>();
  const visited = new Set<number>();
  const texts = new TextAttributes(bytes);
  const data = new DatasetReader(bytes);
  const pending: [path: string, depth: number, at: number][] = [['', 0, rootAddress(bytes)]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, depth, at] = next;
    if (visited.has(at)) bytes.damaged(`expected every object at one place, got "${path}" a second time`);
    if (depth > MAX_DEPTH) bytes.damaged(`expected at most ${MAX_DEPTH} groups in each other, got more`);
    visited.add(at);
    const messages = readMessages(bytes, at);
    if (messages.some(({ type }) => type === messageTypes.layout)) {
      datasets.set(path, () => data.read(messages, path));
      continue;
    }
    groups.set(path, messages);
    const children = [...linksOf(bytes, messages, visited)];
    for (const [name, child] of children.reverse())
      pending.push([path === '' ? name : `${path}/${name}`, depth + 1, child]);
  }
  return {
    datasets,
    attribute: (path, name) => texts.of(groups.get(path) ?? [], name),
  };
}

function rootAddress(bytes: FileBytes): number {
  const version = bytes.u8(8);
  const sizesAt = version < 2 ? 13 : 9;
  if (version > 3 || bytes.u8(sizesAt) !== 8 || bytes.u8(sizesAt + 1) !== 8)
    bytes.damaged(
      `expected a superblock of version 0 to 3 with addresses of 8 bytes, got version ${version}`,
    );
  // After the address of the root's name: that of its object header.
  return bytes.u64(version < 2 ? (version === 0 ? 64 : 68) : 36);
}

/** All messages of an object header with its continuation blocks. */
function readMessages(bytes: FileBytes, at: number): Message[] {
  const messages: Message[] = [];
  const blocks: [at: number, size: number][] = [];
  const visited = new Set<number>();
  let headSize = 8;
  let isNew = false;
  if (bytes.u8(at) === 1) blocks.push([at + 16, bytes.u32(at + 8)]);
  else {
    if (bytes.ascii(at, 4) !== 'OHDR') bytes.damaged(`expected an object header at ${at}, got other bytes`);
    isNew = true;
    const flags = bytes.u8(at + 5);
    const sizeAt = at + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    const width = 2 ** (flags & 3);
    headSize = flags & 0x04 ? 6 : 4;
    blocks.push([sizeAt + width, bytes.uint(sizeAt, width)]);
  }
  for (let block = blocks.pop(); block !== undefined; block = blocks.pop()) {
    const [start, size] = block;
    if (visited.has(start)) bytes.damaged(`expected a header without cycles, got one at ${start}`);
    visited.add(start);
    bytes.slice(start, size);
    // A block of version 2 may end with a gap smaller than a message's head.
    for (let place = start; place + headSize <= start + size;) {
      const type = isNew ? bytes.u8(place) : bytes.u16(place);
      const length = bytes.u16(place + (isNew ? 1 : 2));
      const flags = bytes.u8(place + (isNew ? 3 : 4));
      const message = { type, at: place + headSize, size: length };
      place += headSize + length;
      bytes.slice(message.at, length);
      if (type === messageTypes.continuation) {
        const [to, wide] = [bytes.u64(message.at), bytes.u64(message.at + 8)];
        // Version 2: the signature OCHK before the messages, a checksum behind them.
        blocks.push(isNew ? [to + 4, wide - 8] : [to, wide]);
      } else if (flags & 0x02 && Object.values<number>(messageTypes).includes(type)) {
        bytes.damaged(`expected messages in their headers, got a shared one of type ${type}`);
      } else messages.push(message);
    }
  }
  return messages;
}

/** The hard links of a group. Soft and external links are left out. */
function* linksOf(
  bytes: FileBytes,
  messages: readonly Message[],
  visited: Set<number>,
): Generator<[name: string, at: number]> {
  for (const { type, at, size } of messages) {
    if (type === messageTypes.symbolTable) yield* symbolsOf(bytes, at, visited);
    if (type === messageTypes.link) yield* linkAt(bytes, at, size);
    if (type === messageTypes.linkInfo) {
      const heap = bytes.u64(at + (bytes.u8(at + 1) & 1 ? 10 : 2));
      if (heap < UNDEFINED)
        bytes.damaged('expected the links of a group in a symbol table or its header, got a fractal heap');
    }
  }
}

/** A link message: version, flags, optional type, creation order and character set, the name with its length, the address. */
function* linkAt(bytes: FileBytes, at: number, size: number): Generator<[name: string, at: number]> {
  const flags = bytes.u8(at + 1);
  let place = at + 2;
  if (flags & 0x08 && bytes.u8(place++) !== 0) return;
  if (flags & 0x04) place += 8;
  if (flags & 0x10) place += 1;
  const width = 2 ** (flags & 3);
  const length = bytes.uint(place, width);
  place += width;
  if (place + length + 8 > at + size) bytes.damaged('expected a link inside its message, got a longer one');
  yield [bytes.text(place, length), bytes.u64(place + length)];
}

/** The entries of a symbol table: a B-tree of nodes of entries, whose names are in a local heap. */
function* symbolsOf(
  bytes: FileBytes,
  at: number,
  visited: Set<number>,
): Generator<[name: string, at: number]> {
  const heap = bytes.u64(at + 8);
  if (bytes.ascii(heap, 4) !== 'HEAP') bytes.damaged(`expected a local heap at ${heap}, got other bytes`);
  const [namesSize, names] = [bytes.u64(heap + 8), bytes.u64(heap + 24)];
  bytes.slice(names, namesSize);
  const nodes = [bytes.u64(at)];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (visited.has(node)) bytes.damaged(`expected a symbol table without cycles, got one at ${node}`);
    visited.add(node);
    const signature = bytes.ascii(node, 4);
    if (signature === 'TREE') {
      const used = bytes.u16(node + 6);
      for (let child = used - 1; child >= 0; child--) nodes.push(bytes.u64(node + 32 + child * 16));
    } else if (signature === 'SNOD') {
      const symbols = bytes.u16(node + 6);
      for (let index = 0; index < symbols; index++) {
        const entry = node + 8 + index * 40;
        const name = bytes.u64(entry);
        if (name >= namesSize) bytes.damaged(`expected a name inside its heap, got one at ${name}`);
        // Type 2: a soft link.
        if (bytes.u32(entry + 16) === 2) continue;
        yield [nameAt(bytes, names + name, namesSize - name), bytes.u64(entry + 8)];
      }
    } else bytes.damaged(`expected a node of a symbol table at ${node}, got other bytes`);
  }
}

/** Names are at most this long, so that names which share their bytes cannot make the work quadratic. */
const MAX_NAME = 1024;

function nameAt(bytes: FileBytes, at: number, most: number): string {
  return bytes.text(at, Math.min(most, MAX_NAME));
}
