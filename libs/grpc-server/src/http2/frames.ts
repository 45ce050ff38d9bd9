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
  /** For SETTINGS and PING. */
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-7 */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** A connection error: the peer receives GOAWAY with the code and the message, and the connection closes. */
export class ConnectionError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A stream error: the peer receives RST_STREAM, and the other streams continue. */
export class StreamError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

/** @throws ConnectionError if the payload of a fixed-size frame has another size */
export function checkSize(payload: Uint8Array, bytes: number, name: string): void {
  if (payload.length !== bytes) {
    throw new ConnectionError(
      ErrorCode.FRAME_SIZE_ERROR,
      `${name}: expected ${bytes} bytes, got ${payload.length}`,
    );
  }
}

/** Length, type, flags and stream identifier, before each payload. */
export const FRAME_HEADER_BYTES = 9;

/** Default and minimum of SETTINGS_MAX_FRAME_SIZE; this server never raises its own. */
export const MIN_MAX_FRAME_SIZE = 16_384;

/** Initial flow-control window of connections and streams. */
export const INITIAL_WINDOW = 65_535;

/** Largest flow-control window and stream identifier. */
export const MAX_INT31 = 0x7fff_ffff;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  /** A view on the socket's read buffer; copy it to keep it. */
  readonly payload: Buffer;
}

/** @returns the offset of the payload */
export function writeFrameHeader(
  target: Buffer,
  offset: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  target[offset] = length >>> 16;
  target[offset + 1] = length >>> 8;
  target[offset + 2] = length;
  target[offset + 3] = type;
  target[offset + 4] = flags;
  target[offset + 5] = stream >>> 24;
  target[offset + 6] = stream >>> 16;
  target[offset + 7] = stream >>> 8;
  target[offset + 8] = stream;
  return offset + FRAME_HEADER_BYTES;
}

export function encodeFrame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(frame, 0, payload.length, type, flags, stream);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

export function resetFrame(stream: number, code: ErrorCode): Buffer {
  return encodeFrame(FrameType.RST_STREAM, 0, stream, uint32(code));
}

export function windowUpdateFrame(stream: number, bytes: number): Buffer {
  return encodeFrame(FrameType.WINDOW_UPDATE, 0, stream, uint32(bytes));
}

/**
 * @param lastStream highest stream that was or may be processed
 * @param text       reason for the peer's log
 */
export function goAwayFrame(lastStream: number, code: ErrorCode, text = ''): Buffer {
  return encodeFrame(
    FrameType.GOAWAY,
    0,
    0,
    Buffer.concat([uint32(lastStream), uint32(code), Buffer.from(text)]),
  );
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/**
 * The payload of DATA or HEADERS without padding.
 *
 * @throws ConnectionError if the padding exceeds the payload
 */
export function withoutPadding({ flags, payload }: Frame): Buffer {
  if ((flags & Flag.PADDED) === 0) return payload;
  const end = payload.length - (payload.at(0) ?? 0);
  if (end < 1) throw protocolError('padding exceeds the frame');
  return payload.subarray(1, end);
}
