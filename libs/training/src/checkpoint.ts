import { ModelError } from '@onda/contract';
import type { OptimizerState } from './optimizer.ts';
import type { CarriedState } from './trainableModel.ts';
import type { BestWeights, PlateauState, Validation } from './validation.ts';

/** Everything that `train` needs to continue to the same bits. Batches and schedules depend on the step alone. */
export interface Checkpoint {
  /** Number of completed steps. */
  step: number;
  /** The loss of each completed step, before its update. */
  losses: Float32Array;
  /** Values of each variable, in the order of the model. */
  weights: Float32Array[];
  optimizer: OptimizerState;
  /** The averaged weights; null without an average. */
  average: Float32Array[] | null;
  validations: Validation[];
  best: BestWeights | null;
  plateau: PlateauState | null;
  /** State for the next batch; null for zeros. */
  carry: CarriedState | null;
  elapsedMs: number;
}

/*
 * Format of a checkpoint, numbers little-endian:
 *
 *   0   8  magic
 *   8   4  format
 *   12  4  CRC-32 of the body
 *   16  8  length of the body, as a float64
 *   24     body: length of the JSON header (4 bytes), header, then the sections one after another
 */
const magic = 'ONDACKPT';
const format = 2;
const bodyStart = 24;

/** The JSON header; `sections` has the byte length of each section of float32 numbers, in order. */
interface Header {
  step: number;
  optimizer: Omit<OptimizerState, 'slots'>;
  validations: Validation[];
  best: Validation | null;
  average: boolean;
  plateau: PlateauState | null;
  carryBatch: number | null;
  elapsedMs: number;
  meta: unknown;
  /** Losses, carry, slots, then the weights, and as many for the average and the best weights if there are any. */
  sections: number[];
}

/**
 * Serializes a checkpoint.
 *
 * @param meta what identifies the run, such as its configuration: any JSON value
 */
export function encodeCheckpoint(checkpoint: Checkpoint, meta: unknown = null): Uint8Array {
  const { losses, weights, optimizer, average, best, carry, step, validations, plateau, elapsedMs } =
    checkpoint;
  const { slots, ...optimizerHeader } = optimizer;
  const sections = [
    losses,
    carry?.values ?? new Float32Array(0),
    slots,
    ...weights,
    ...(average ?? []),
    ...(best?.weights ?? []),
  ].map(bytesOf);
  const header: Header = {
    step,
    optimizer: optimizerHeader,
    validations,
    best: best && { step: best.step, loss: best.loss },
    average: average !== null,
    plateau,
    carryBatch: carry?.batch ?? null,
    elapsedMs,
    meta,
    sections: sections.map(({ length }) => length),
  };
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  const parts = [headerBytes, ...sections];
  const bodyLength = 4 + parts.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(bodyStart + bodyLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(bodyStart, headerBytes.length, true);
  let at = bodyStart + 4;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes.set(new TextEncoder().encode(magic), 0);
  view.setUint32(8, format, true);
  view.setUint32(12, crc32(bytes.subarray(bodyStart)), true);
  view.setFloat64(16, bodyLength, true);
  return bytes;
}

/**
 * Reads a checkpoint that `encodeCheckpoint` wrote.
 *
 * @param source name of the bytes in errors, usually the file name
 * @throws ModelError for other, truncated or damaged bytes, or another format
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  source: string,
): { checkpoint: Checkpoint; meta: unknown } {
  const body = checkedBody(bytes, source);
  const headerLength = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(body.subarray(4, 4 + headerLength))) as Header;
  let at = 4 + headerLength;
  const [losses, carry, slots, ...rest] = header.sections.map((length) => {
    // Copied with Uint8Array: `slice` of Node's Buffer would be a view of the whole file.
    const section = new Uint8Array(body.subarray(at, at + length));
    at += length;
    return new Float32Array(section.buffer);
  });
  const { step, optimizer, validations, best, average, plateau, carryBatch, elapsedMs, meta } = header;
  const count = rest.length / (1 + (average ? 1 : 0) + (best ? 1 : 0));
  const afterAverage = average ? 2 * count : count;
  return {
    checkpoint: {
      step,
      losses,
      weights: rest.slice(0, count),
      optimizer: { ...optimizer, slots },
      average: average ? rest.slice(count, afterAverage) : null,
      validations,
      best: best && { ...best, weights: rest.slice(afterAverage) },
      plateau,
      carry: carryBatch === null ? null : { batch: carryBatch, values: carry },
      elapsedMs,
    },
    meta,
  };
}

function checkedBody(bytes: Uint8Array, source: string): Uint8Array {
  if (bytes.length < bodyStart || new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== magic) {
    throw new ModelError(
      `${source}: expected a checkpoint of Onda, got other bytes; pass a checkpoint that fit wrote`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const givenFormat = view.getUint32(8, true);
  if (givenFormat !== format) {
    throw new ModelError(
      `${source}: expected checkpoint format ${format}, got ${givenFormat}; use the version of Onda that wrote it`,
    );
  }
  const body = bytes.subarray(bodyStart);
  const length = view.getFloat64(16, true);
  if (body.length !== length) {
    throw new ModelError(
      `${source}: expected ${bodyStart + length} bytes, got ${bytes.length}; the checkpoint is truncated or has trailing bytes: remove the file to resume from an earlier one, or fit again without --resume`,
    );
  }
  if (crc32(body) !== view.getUint32(12, true)) {
    throw new ModelError(
      `${source}: expected bytes that match the checksum, got damaged ones; remove the file to resume from an earlier one, or fit again without --resume`,
    );
  }
  return body;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 of zip and PNG (ISO 3309), an integer from 0 to 2 ** 32 - 1. */
export function crc32(bytes: Uint8Array): number {
  let value = 0xffff_ffff;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 0xff];
  return ~value >>> 0;
}
