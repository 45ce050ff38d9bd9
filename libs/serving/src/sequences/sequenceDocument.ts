import { DataError, ShapeError } from '@onda/contract';
import { datatypes, ProtocolError } from '@onda/protocol';
import { z } from 'zod';
import { named } from './sequenceErrors.ts';
import type { LiveSequence } from './sequenceState.ts';
import type { StateLayout } from './stateLayout.ts';
import { finite, isFloats } from './stepRules.ts';

/** The model that a document's sequence is of. */
export interface DocumentModel {
  name: string;
  /** SHA-256 of its file: what makes a state mean the same elsewhere. */
  fileHash: string;
  layout: StateLayout;
}

/** Far more than a sequence can have, and far from where whole numbers stop being told apart. */
const MOST_STEPS = 2 ** 52;

const schema = z.object({
  format: z.literal('onda-sequence-1'),
  model: z.string(),
  file_sha256: z.string(),
  steps: z.int().min(1).max(MOST_STEPS),
  samples: z.int().min(1).max(MOST_STEPS),
  row: z.base64(),
});

/** What a document says of its sequence. */
export interface SequenceContent {
  row: Int32Array;
  steps: number;
  samples: number;
}

/**
 * A live sequence as JSON that another service of the same file can go on from, bit for bit.
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
 * @param versions that the sequence may be of, the newest first
 * @returns with the version whose file the document is of
 * @throws ProtocolError, DataError, ShapeError for a document that is none, or of another file
 */
export function readSequence<Version extends DocumentModel>(
  body: Uint8Array,
  id: string,
  versions: readonly Version[],
): SequenceContent & Version {
  const { model, file_sha256: hash, steps, samples, row } = parse(body, id);
  const version = versions.find(({ fileHash }) => fileHash === hash);
  if (version === undefined) {
    const [{ name, fileHash }] = versions;
    throw new ProtocolError(
      'conflict',
      `${named(id)}: expected a sequence of "${name}" with SHA-256 ${short(fileHash)}, got one of "${model}" with ${short(hash)}; serve the same file on both sides`,
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
  return { ...version, row: words, steps, samples };
}

function parse(body: Uint8Array, id: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues.at(0) : undefined;
    const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'no JSON';
    throw new ProtocolError(
      'malformed',
      `${named(id)}: expected a document that GET of a sequence gave, got another (${where}); send it as it was exported`,
      { cause },
    );
  }
}

function short(hash: string): string {
  return JSON.stringify(hash.slice(0, 12));
}
