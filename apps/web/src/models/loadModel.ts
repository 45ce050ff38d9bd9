import type { NetManifest } from '@onda/contract';
import { ModelError, modelFiles, parseNetManifest } from '@onda/contract';
import type { Runtime, Session } from '@onda/runtime';
import { SequenceModel } from '@onda/runtime';
import type { ClosedLoopModel } from '../generate/stream.ts';
import type { ModelEntry } from './modelIndex.ts';

/** A model that is ready to run in the page. */
export interface LoadedModel extends ClosedLoopModel {
  readonly manifest: NetManifest;
  /** Milliseconds from the first request to the last session. */
  readonly loadMs: number;
  release(): Promise<void>;
}

/**
 * Fetches a model's files, checks them against its manifest and makes sessions of them.
 *
 * @throws ModelError in one sentence if a file is missing, damaged or does not fit the manifest
 */
export async function loadModel(entry: ModelEntry, runtime: Runtime): Promise<LoadedModel> {
  const start = performance.now();
  if (!entry.ready) {
    throw new ModelError(
      `model "${entry.name}": the server could not load it; read the server's log, or choose another model`,
    );
  }
  const manifest = await readManifest(entry.files);
  const files = [modelFiles.sequence, ...(manifest.tensors.generator ? [modelFiles.generator] : [])];
  const sessions: Session[] = [];
  try {
    for (const file of files) {
      const bytes = await fetchFile(entry.files, file);
      const listed = (manifest.files as Partial<NetManifest['files']>)[file];
      if (listed) await checkFile(file, bytes, listed.sha256);
      sessions.push(await createSession(runtime, file, bytes));
    }
    const [first, second] = sessions as [Session, Session?];
    return {
      manifest,
      sequence: new SequenceModel(first, manifest),
      generator: second ?? null,
      loadMs: performance.now() - start,
      release: () => releaseAll(sessions),
    };
  } catch (error) {
    await releaseAll(sessions);
    throw error;
  }
}

async function readManifest(folder: URL): Promise<NetManifest> {
  const text = new TextDecoder().decode(await fetchFile(folder, modelFiles.manifest));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(
      `${modelFiles.manifest}: expected JSON, got ${JSON.stringify(text.slice(0, 40))}; export the model again`,
      {
        cause,
      },
    );
  }
  return parseNetManifest(value, modelFiles.manifest);
}

async function createSession(runtime: Runtime, file: string, bytes: Uint8Array): Promise<Session> {
  try {
    return await runtime.createSession(bytes);
  } catch (cause) {
    if (cause instanceof ModelError) throw new ModelError(`${file}: ${cause.message}`, { cause });
    throw cause;
  }
}

async function releaseAll(sessions: readonly Session[]): Promise<void> {
  for (const session of sessions) await session.release();
}

/**
 * Fetches one file of a model.
 *
 * @throws ModelError if it does not exist
 */
async function fetchFile(folder: URL, file: string): Promise<Uint8Array<ArrayBuffer>> {
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
async function checkFile(file: string, bytes: Uint8Array<ArrayBuffer>, sha256: string): Promise<void> {
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
