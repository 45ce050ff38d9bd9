import { ProtocolError } from '@onda/protocol';
import { answerBytes } from './keptAnswers.ts';
import { reasons } from './sequenceErrors.ts';
import type { EndedSequence, LastStep, LiveSequence, SequenceLimits } from './sequenceStore.ts';
import { packTensors, unpackTensors } from './tensorPack.ts';

/** Maximum bytes of a kept response: Redis is blocked while it reads or writes one. */
const MOST_ANSWER_BYTES = 1024 * 1024;

/** @param reply to `findScript` */
export function readRecord(
  reply: readonly Buffer[],
  { idleMs, ageMs }: SequenceLimits,
): LiveSequence | EndedSequence | undefined {
  if (reply.length === 0) return undefined;
  const [versionText, stepsText, samplesText, row, packed, why, left, age] = reply;
  const [version, steps, samples] = [versionText.toString(), Number(stepsText), Number(samplesText)];
  const last = packed.length === 0 ? undefined : unpackLast(packed, steps, samples);
  const expiresInMs = Number(left);
  if (why.length > 0) return { kind: 'ended', version, why: why.toString(), last };
  if (expiresInMs <= 0) {
    const isOld = Number(age) >= ageMs;
    return { kind: 'ended', version, why: isOld ? reasons.old(ageMs) : reasons.idle(idleMs), last };
  }
  // Copied, since words need an aligned offset. A row of another length has another layout.
  const words = new Int32Array(Uint8Array.from(row).buffer, 0, row.length >> 2);
  return { kind: 'live', version, row: words, steps, samples, last, expiresInMs };
}

/** A copy of the words of a row. */
export function rowBytes({ buffer, byteOffset, byteLength }: Int32Array): Buffer {
  return Buffer.from(Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength)).buffer);
}

const [FED, ANSWERED] = ['<', '>'];

/**
 * Packs inputs and outputs of a step; the record has the step's number.
 *
 * @throws ProtocolError 413 if the response exceeds the limit
 */
export function packLast(last: LastStep | undefined): Buffer | string {
  if (last === undefined) return '';
  const bytes = answerBytes(last);
  if (bytes > MOST_ANSWER_BYTES) {
    throw new ProtocolError(
      'too-large',
      `sequence_step: expected a numbered step of at most ${MOST_ANSWER_BYTES} bytes in and out, since its response is kept for a retry, got ${bytes}; send fewer samples per step, or omit sequence_step`,
    );
  }
  const all = [
    ...Object.entries(last.inputs).map(([name, tensor]) => [FED + name, tensor]),
    ...Object.entries(last.tensors).map(([name, tensor]) => [ANSWERED + name, tensor]),
  ];
  return Buffer.from(packTensors(Object.fromEntries(all) as Parameters<typeof packTensors>[0]));
}

function unpackLast(packed: Uint8Array, step: number, samples: number): LastStep {
  const all = Object.entries(unpackTensors(packed));
  const marked = (mark: string): LastStep['inputs'] =>
    Object.fromEntries(
      all.flatMap(([name, tensor]) => (name.startsWith(mark) ? [[name.slice(1), tensor]] : [])),
    );
  return { step, samples, inputs: marked(FED), tensors: marked(ANSWERED) };
}
