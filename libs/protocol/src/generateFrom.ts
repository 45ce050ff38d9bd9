import { readSeed } from './drawFields.ts';
import { readSamples } from './generateRequest.ts';
import { describeValue, parseJsonBody } from './jsonBody.ts';
import { ProtocolError } from './protocolError.ts';
import { readSequenceId } from './sequenceControl.ts';

/** A generate request that goes on from a sequence that the service keeps. */
export interface GenerateFrom {
  id: string;
  samples: number;
  /** Any int64; undefined: none was given. */
  seed: bigint | undefined;
}

const keys = ['sequence_id', 'samples', 'seed'];
const mark = new TextEncoder().encode('"sequence_id"');

/**
 * Decodes `{"sequence_id": "sensor-7", "samples": 50}`: what the sequence's closed loop would give next. The sequence stays where
 * it is.
 *
 * @returns undefined for a request that names no sequence
 * @throws ProtocolError, DataError
 */
export function decodeGenerateFrom(body: Uint8Array): GenerateFrom | undefined {
  // Not read twice for every prompt.
  if (!includes(body, mark)) return undefined;
  const document = parseJsonBody(body);
  if (!Object.hasOwn(document, 'sequence_id')) return undefined;
  const unknown = Object.keys(document).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw new ProtocolError(
      'malformed',
      `${describeValue(unknown)}: unknown key beside sequence_id; generate from a sequence takes samples and seed alone`,
    );
  }
  const id = readSequenceId(document.sequence_id);
  if (id === undefined) {
    throw new ProtocolError(
      'malformed',
      `sequence_id: expected a number from 1 or text, got ${describeValue(document.sequence_id)}; name the sequence`,
    );
  }
  // Whether the model draws is known once the sequence is found.
  return { id, samples: readSamples(document.samples), seed: readSeed(document.seed, true) };
}

function includes(body: Uint8Array, part: Uint8Array): boolean {
  for (let at = body.indexOf(part[0]); at >= 0; at = body.indexOf(part[0], at + 1)) {
    if (part.every((byte, index) => body[at + index] === byte)) return true;
  }
  return false;
}
