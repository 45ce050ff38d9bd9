import { io } from '@tensorflow/tfjs-core';
import { ModelError } from '@onda/contract';
import type { Net } from '@onda/nets';
import type { FitProgress } from './fit.ts';
import type { Optimizer, OptimizerState } from './optimizer.ts';

/** Everything needed to resume a fit with identical results. */
export interface Checkpoint {
  progress: FitProgress;
  /** The net, for `Net.fromArtifacts`. */
  artifacts: io.ModelArtifacts;
  /** For `Optimizer.restore`. */
  optimizer: OptimizerState;
}

/** Copies the weights and the optimizer state after `progress`. */
export function takeCheckpoint(net: Net, optimizer: Optimizer, progress: FitProgress): Checkpoint {
  return { progress, artifacts: net.toArtifacts(), optimizer: optimizer.state() };
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
const format = 1;
const bodyStart = 24;

/** The JSON header; `sections` has the byte length of each section, in order. */
interface Header {
  step: number;
  carryBatch: number | null;
  optimizer: Omit<OptimizerState, 'slots'>;
  artifacts: io.ModelArtifacts;
  sections: [losses: number, carry: number, slots: number, weights: number];
}

/** Serializes a checkpoint. */
export function encodeCheckpoint({ progress, artifacts, optimizer }: Checkpoint): Uint8Array {
  const { weightData, ...topology } = artifacts;
  const weights = io.CompositeArrayBuffer.join(weightData);
  const { slots, ...optimizerHeader } = optimizer;
  const sections = [
    bytesOf(progress.losses),
    bytesOf(progress.carry?.values ?? new Float32Array(0)),
    bytesOf(slots),
    new Uint8Array(weights),
  ];
  const header: Header = {
    step: progress.step,
    carryBatch: progress.carry?.batch ?? null,
    optimizer: optimizerHeader,
    artifacts: topology,
    sections: sections.map(({ length }) => length) as Header['sections'],
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
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const body = checkedBody(bytes, source);
  const headerLength = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(body.subarray(4, 4 + headerLength))) as Header;
  let at = 4 + headerLength;
  const [losses, carry, slots, weights] = header.sections.map((length) => {
    // Copied with Uint8Array: `slice` of Node's Buffer would be a view of the whole file.
    const section = new Uint8Array(body.subarray(at, at + length));
    at += length;
    return section.buffer;
  });
  const { step, carryBatch, optimizer, artifacts } = header;
  return {
    progress: {
      step,
      losses: new Float32Array(losses),
      carry: carryBatch === null ? null : { batch: carryBatch, values: new Float32Array(carry) },
    },
    artifacts: { ...artifacts, weightData: weights },
    optimizer: { ...optimizer, slots: new Float32Array(slots) },
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
      `${source}: expected ${bodyStart + length} bytes, got ${bytes.length}; the checkpoint is truncated or has trailing bytes: fit again without --resume`,
    );
  }
  if (crc32(body) !== view.getUint32(12, true)) {
    throw new ModelError(
      `${source}: expected bytes that match the checksum, got damaged ones; fit again without --resume`,
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
