import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** What a file holds, piece by piece: it may be larger than what one array or one call of the system takes. */
export type Pieces = readonly Uint8Array[];

/** Bytes of one call: reading, writing and hashing take less than 2 GiB at once. */
const block = 2 ** 26;

function* blocksOf(pieces: Pieces): Generator<Uint8Array> {
  for (const piece of pieces)
    for (let start = 0; start < piece.length; start += block) yield piece.subarray(start, start + block);
}

export function sizeOf(pieces: Pieces): number {
  return pieces.reduce((size, { length }) => size + length, 0);
}

export function sha256Of(pieces: Pieces): string {
  const hash = createHash('sha256');
  for (const bytes of blocksOf(pieces)) hash.update(bytes);
  return hash.digest('hex');
}

/** Writes a new file. */
export function writePieces(file: string, pieces: Pieces): void {
  const handle = openSync(file, 'wx');
  try {
    for (const bytes of blocksOf(pieces)) {
      for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done);
    }
  } finally {
    closeSync(handle);
  }
}

/** Whether a file that is there holds exactly these bytes. */
export function holdsPieces(file: string, pieces: Pieces): boolean {
  const handle = openSync(file, 'r');
  try {
    if (fstatSync(handle).size !== sizeOf(pieces)) return false;
    const buffer = Buffer.alloc(block);
    for (const bytes of blocksOf(pieces)) {
      const there = buffer.subarray(0, bytes.length);
      if (!fill(handle, there) || !there.equals(bytes)) return false;
    }
    return true;
  } finally {
    closeSync(handle);
  }
}

/** A whole file in memory of its own, however large. */
export function readWhole(file: string): Uint8Array<ArrayBuffer> {
  const handle = openSync(file, 'r');
  try {
    const bytes = new Uint8Array(fstatSync(handle).size);
    for (let start = 0; start < bytes.length; start += block) {
      if (!fill(handle, bytes.subarray(start, start + block)))
        throw new Error('it was cut while it was read');
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

/** Reads the next bytes; false: the file has fewer. */
function fill(handle: number, bytes: Uint8Array): boolean {
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(handle, bytes, done, bytes.length - done, null);
    if (count === 0) return false;
    done += count;
  }
  return true;
}
