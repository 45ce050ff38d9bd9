import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';

const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** `deflate` is the zlib format, in HTTP and gRPC alike. */
export type Compression = keyof typeof decompressors;

export const compressions = Object.keys(decompressors) as readonly Compression[];

export function isCompression(name: string): name is Compression {
  return Object.hasOwn(decompressors, name);
}

/** The largest ratio that DEFLATE reaches, and room for headers. @see https://zlib.net/zlib_tech.html */
const MAX_RATIO = 1032;
const MIN_OUTPUT_BYTES = 1024;

/** An upper bound of the decompressed size, for reserving memory. */
export function maxDecompressedBytes(compressedBytes: number, limit: number): number {
  return Math.min(limit, MAX_RATIO * compressedBytes + MIN_OUTPUT_BYTES);
}

/**
 * Decompresses off the main thread.
 *
 * @param maxBytes limit of the result
 */
export async function decompress(
  bytes: Uint8Array,
  compression: Compression,
  maxBytes: number,
): Promise<Buffer | 'too-large' | 'corrupt'> {
  try {
    return await decompressors[compression](bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'corrupt';
  }
}
