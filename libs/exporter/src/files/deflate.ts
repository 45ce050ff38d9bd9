import type { inflateSync } from 'fflate';
import type { FileBytes } from './bytes.ts';

/** Deflate makes data at most 1032 times as large. */
export const MAX_DEFLATE_RATIO = 1032;

/**
 * Unpacks deflated data.
 *
 * @param unpack inflateSync, or unzlibSync for data with zlib's head
 * @param name   of the data in the file, for errors
 * @param size   of the unpacked data, bytes
 * @throws ModelError for other data
 */
export function inflated(
  unpack: typeof inflateSync,
  bytes: FileBytes,
  name: string,
  data: Uint8Array,
  size: number,
): Uint8Array {
  try {
    return unpack(data, { out: new Uint8Array(size) });
  } catch {
    return bytes.damaged(`"${name}": expected deflated data, got other bytes`);
  }
}
