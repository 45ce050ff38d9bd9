import { DataError, ShapeError } from '@onda/contract';
import { datatypes, MAX_ID_LENGTH, ProtocolError } from '@onda/protocol';
import { z } from 'zod';
import type { ModelRepository } from '../models/modelRepository.ts';
import type { ServedModel } from '../models/servedModel.ts';
import { keepsNoState, named } from './sequenceErrors.ts';
import type { LiveSequence } from './sequenceStore.ts';
import { finite, isFloats } from './stepRules.ts';

/** The address of a sequence. */
export interface SequenceCall {
  readonly model: string;
  /** Undefined: any. */
  readonly version: string | undefined;
  /** Name of the client's token; undefined without authentication. */
  readonly client: string | undefined;
  readonly id: string;
}

/** The parts of a model version that a document needs. */
export type DocumentModel = Pick<ServedModel, 'name' | 'fileHash' | 'layout'>;

/**
 * Exports a live sequence as a document.
 *
 * @throws ProtocolError 400, 404, 409, 410, 503
 */
export async function exportSequence(
  repository: ModelRepository,
  { model: name, version, client, id }: SequenceCall,
): Promise<string> {
  const newest = repository.findHeld(name, version);
  checkCall(newest, id);
  const { model, sequence } = await newest.sequences.find(client, id, version);
  model.stats.exported++;
  return writeSequence(model, id, sequence);
}

/**
 * Starts a sequence from a document.
 *
 * @returns its progress as JSON
 * @throws ProtocolError 400, 404, 409, 429, 503; DataError, ShapeError for an invalid document
 */
export async function importSequence(
  repository: ModelRepository,
  { model: name, version, client, id }: SequenceCall,
  body: Uint8Array,
): Promise<string> {
  const versions = repository.findAll(name, version);
  checkCall(versions[0], id);
  const { model, content } = readSequence(body, id, versions);
  const expiresInMs = await model.sequences.begin(client, id, model, content);
  model.stats.imported++;
  return JSON.stringify({
    sequence_id: id,
    sequence_step: content.steps,
    sequence_samples: content.samples,
    sequence_expires_in_ms: expiresInMs,
  });
}

function checkCall({ name, signature }: ServedModel, id: string): void {
  if (signature.states.length === 0) throw keepsNoState(name);
  if (id.length > MAX_ID_LENGTH) {
    throw new ProtocolError(
      'malformed',
      `the path: expected a sequence_id of at most ${MAX_ID_LENGTH} characters, got ${id.length}; shorten it`,
    );
  }
}

/** Upper limit of steps; exact in a double. */
const MOST_STEPS = 2 ** 52;

const schema = z.object({
  format: z.literal('onda-sequence-1'),
  model: z.string(),
  file_sha256: z.string(),
  steps: z.int().min(1).max(MOST_STEPS),
  samples: z.int().min(1).max(MOST_STEPS),
  row: z.base64(),
});

/** The contents of a document. */
export interface SequenceContent {
  row: Int32Array;
  steps: number;
  samples: number;
}

/**
 * A live sequence as JSON, which another service with the same file continues bit for bit.
 *
 * `row` is base64 of the states' values, little-endian, in the order of `states`, then of the recent outputs.
 */
export function writeSequence(
  { name, fileHash, layout }: DocumentModel,
  id: string,
  { row, steps, samples }: LiveSequence,
): string {
  return JSON.stringify({
    format: 'onda-sequence-1',
    model: name,
    file_sha256: fileHash,
    sequence_id: id,
    steps,
    samples,
    states: layout.pairs.map(({ input, output, type, dims }) => ({
      input,
      output,
      datatype: datatypes[type],
      shape: dims,
    })),
    recent_outputs: layout.recent?.lag ?? 0,
    row: Buffer.from(row.buffer, row.byteOffset, row.byteLength).toString('base64'),
  });
}

/**
 * @param versions that could continue it, the newest first
 * @returns the content, and the version that has the document's file
 * @throws ProtocolError, DataError, ShapeError for an invalid document, or one of another file
 */
export function readSequence<Version extends DocumentModel>(
  body: Uint8Array,
  id: string,
  versions: readonly Version[],
): { model: Version; content: SequenceContent } {
  const { model: of, file_sha256: hash, steps, samples, row } = parse(body, id);
  const version = versions.find(({ fileHash }) => fileHash === hash);
  if (version === undefined) {
    const [{ name, fileHash }] = versions;
    throw new ProtocolError(
      'conflict',
      `${named(id)}: expected a sequence of "${name}" with SHA-256 ${short(fileHash)}, got one of "${of}" with ${short(hash)}; serve the same file on both sides`,
    );
  }
  const { layout } = version;
  const bytes = Uint8Array.from(Buffer.from(row, 'base64'));
  if (bytes.length !== layout.rowSize * Int32Array.BYTES_PER_ELEMENT) {
    throw new ShapeError(
      `${named(id)}: row: expected ${layout.rowSize * Int32Array.BYTES_PER_ELEMENT} bytes, got ${bytes.length}; send the document as it was exported`,
    );
  }
  const words = new Int32Array(bytes.buffer);
  const states = Object.entries(layout.feeds([words]));
  const bad = states.find(([, { data }]) => isFloats(data) && !finite(data))?.[0];
  if (bad !== undefined || !finite(layout.recentOf(words))) {
    throw new DataError(
      `${named(id)}: row: expected finite numbers, got others in ${bad === undefined ? 'its recent outputs' : `state "${bad}"`}; send the document as it was exported`,
    );
  }
  return { model: version, content: { row: words, steps, samples } };
}

function parse(body: Uint8Array, id: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues.at(0) : undefined;
    const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'not JSON';
    throw new ProtocolError(
      'malformed',
      `${named(id)}: expected a document from GET of a sequence, got another (${where}); send it as it was exported`,
      { cause },
    );
  }
}

function short(hash: string): string {
  return JSON.stringify(hash.slice(0, 12));
}
