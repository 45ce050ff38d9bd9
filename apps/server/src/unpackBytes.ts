import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** How bytes may be compressed; `deflate` is zlib's format, as HTTP and gRPC have it. */
export type Packing = keyof typeof unpackers;

export const packings = Object.keys(unpackers) as readonly Packing[];

export function isPacking(name: string): name is Packing {
  return Object.hasOwn(unpackers, name);
}

/**
 * Unpacks bytes, no further than they may be large, off the main thread.
 *
 * @returns what is wrong with them: there are more, or they are none of that packing
 */
export async function unpackBytes(
  bytes: Uint8Array,
  packing: Packing,
  mostBytes: number,
): Promise<Buffer | 'more' | 'others'> {
  try {
    return await unpackers[packing](bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : 'others';
  }
}
