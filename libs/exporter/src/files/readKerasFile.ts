import type { SavedModel } from '../artifacts/savedModel.ts';

const signatures = [
  [0x50, 0x4b, 3, 4],
  [0x89, 0x48, 0x44, 0x46],
];

/** Whether bytes start as a `.keras` file (a zip) or an HDF5 file does. */
export function isKerasFile(bytes: Uint8Array): boolean {
  return signatures.some((signature) => signature.every((byte, at) => bytes.at(at) === byte));
}

/**
 * Reads a Keras model from a `.keras` file (Keras 2.12 and later) or an HDF5 file. The reader is loaded on first use.
 *
 * @param file name of the file for errors
 * @throws ModelError for other files, damaged ones, and files with weights alone
 */
export async function readKerasFile(bytes: Uint8Array, file: string): Promise<SavedModel> {
  const { parseKerasFile } = await import('./kerasFile.ts');
  return parseKerasFile(bytes, file);
}
