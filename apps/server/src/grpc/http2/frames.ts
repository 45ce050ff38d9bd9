import type { ErrorCode } from './errorCodes.ts';

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-6 */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const Flag = {
  /** Of SETTINGS and PING. */
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** Length, type, flags and stream, before each frame's payload. */
export const FRAME_HEAD_BYTES = 9;

/** The largest payload that may be sent to one who has not asked for larger ones; we never ask. */
export const FRAME_BYTES = 16_384;

/** Bytes of flow control that a stream or connection begins with. */
export const FIRST_WINDOW = 65_535;

/** The most that a window may hold, and the highest stream. */
export const MOST_31_BITS = 0x7fff_ffff;

/** A frame as it came; the payload is a view that must not be kept. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** @returns where the payload begins */
export function writeFrameHead(
  target: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  target[at + 5] = stream >>> 24;
  target[at + 6] = stream >>> 16;
  target[at + 7] = stream >>> 8;
  target[at + 8] = stream;
  return at + FRAME_HEAD_BYTES;
}

export function frameOf(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length);
  writeFrameHead(frame, 0, payload.length, type, flags, stream);
  frame.set(payload, FRAME_HEAD_BYTES);
  return frame;
}

/** @param entries identifier and value each */
export function settingsFrame(entries: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * entries.length);
  for (const [index, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return frameOf(FrameType.SETTINGS, 0, 0, payload);
}

export function resetFrame(stream: number, code: ErrorCode): Buffer {
  return frameOf(FrameType.RST_STREAM, 0, stream, uint32(code));
}

export function windowFrame(stream: number, bytes: number): Buffer {
  return frameOf(FrameType.WINDOW_UPDATE, 0, stream, uint32(bytes));
}

/**
 * @param last stream that is or was answered
 * @param text why, for whoever reads the other end's log
 */
export function goAwayFrame(last: number, code: ErrorCode, text = ''): Buffer {
  return frameOf(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(last), uint32(code), Buffer.from(text)]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
