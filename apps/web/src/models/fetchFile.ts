import { ModelError } from '@onda/contract';

/**
 * Fetches one file of a model.
 *
 * @throws ModelError if it does not exist
 */
export async function fetchFile(folder: URL, file: string): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(new URL(file, folder));
  } catch (cause) {
    throw new ModelError(
      `${file}: expected the file, got no answer from ${folder.host}; check that the server runs`,
      {
        cause,
      },
    );
  }
  if (!response.ok) {
    throw new ModelError(`${file}: expected the file, got status ${response.status}; export the model again`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Compares a file with the manifest's hash. Browsers compute hashes only on https and localhost; elsewhere the check is skipped.
 *
 * @throws ModelError naming both hashes when they differ
 */
export async function checkFile(file: string, bytes: Uint8Array<ArrayBuffer>, sha256: string): Promise<void> {
  // `subtle` is missing from insecure pages, whatever its type says.
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return;
  const digest = await subtle.digest('SHA-256', bytes);
  const got = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (got !== sha256) {
    throw new ModelError(
      `${file}: expected SHA-256 ${sha256.slice(0, 12)}… as in onda.json, got ${got.slice(0, 12)}…; the file is damaged or of another export, export the model again`,
    );
  }
}
