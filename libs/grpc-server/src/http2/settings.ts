import {
  checkSize,
  ConnectionError,
  encodeFrame,
  ErrorCode,
  Flag,
  FrameType,
  INITIAL_WINDOW,
  MAX_INT31,
  MIN_MAX_FRAME_SIZE,
  protocolError,
  windowUpdateFrame,
} from './frames.ts';
import type { Frame } from './frames.ts';
import type { GrpcServerLimits } from '../options.ts';

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2 */
const Setting = {
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

const ENTRY_BYTES = 6;

/** Settings accepted in one frame; HTTP/2 and its extensions define ten. */
const MAX_ENTRIES = 32;

export const settingsAck = encodeFrame(FrameType.SETTINGS, Flag.ACK, 0, Buffer.alloc(0));

export function settingsFrame(entries: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(ENTRY_BYTES * entries.length);
  for (const [index, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, ENTRY_BYTES * index);
    payload.writeUInt32BE(value, ENTRY_BYTES * index + 2);
  }
  return encodeFrame(FrameType.SETTINGS, 0, 0, payload);
}

/** The server's connection preface: its settings and the connection's receive window. */
export function serverPreface(limits: GrpcServerLimits): Buffer {
  return Buffer.concat([
    settingsFrame([
      [Setting.MAX_CONCURRENT_STREAMS, limits.maxStreams],
      [Setting.INITIAL_WINDOW_SIZE, limits.streamWindow],
      [Setting.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
    ]),
    windowUpdateFrame(0, limits.connectionWindow - INITIAL_WINDOW),
  ]);
}

/**
 * The peer's settings that affect what the server sends. Its header table size does not: responses are encoded without a dynamic
 * table.
 */
export interface PeerSettings {
  /** Initial send window of a stream. */
  initialWindow: number;
  maxFrameSize: number;
}

export const defaultPeerSettings: Readonly<PeerSettings> = {
  initialWindow: INITIAL_WINDOW,
  maxFrameSize: MIN_MAX_FRAME_SIZE,
};

/**
 * Applies a SETTINGS frame.
 *
 * @returns false for an acknowledgement
 * @throws ConnectionError
 */
export function applySettings({ flags, stream, payload }: Frame, settings: PeerSettings): boolean {
  if (stream !== 0) throw protocolError('SETTINGS on a stream');
  if ((flags & Flag.ACK) !== 0) {
    checkSize(payload, 0, 'SETTINGS acknowledgement');
    return false;
  }
  if (payload.length % ENTRY_BYTES !== 0) {
    throw new ConnectionError(
      ErrorCode.FRAME_SIZE_ERROR,
      `SETTINGS: expected a multiple of ${ENTRY_BYTES} bytes, got ${payload.length}`,
    );
  }
  if (payload.length > MAX_ENTRIES * ENTRY_BYTES) {
    throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, `more than ${MAX_ENTRIES} settings in one frame`);
  }
  for (let offset = 0; offset < payload.length; offset += ENTRY_BYTES) {
    applySetting(payload.readUInt16BE(offset), payload.readUInt32BE(offset + 2), settings);
  }
  return true;
}

function applySetting(id: number, value: number, settings: PeerSettings): void {
  if (id === Setting.ENABLE_PUSH && value > 1) throw invalid('ENABLE_PUSH', value);
  if (id === Setting.INITIAL_WINDOW_SIZE) {
    if (value > MAX_INT31) throw invalid('INITIAL_WINDOW_SIZE', value, ErrorCode.FLOW_CONTROL_ERROR);
    settings.initialWindow = value;
  } else if (id === Setting.MAX_FRAME_SIZE) {
    if (value < MIN_MAX_FRAME_SIZE || value > 0xff_ffff) throw invalid('MAX_FRAME_SIZE', value);
    settings.maxFrameSize = value;
  }
}

function invalid(name: string, value: number, code: ErrorCode = ErrorCode.PROTOCOL_ERROR): ConnectionError {
  return new ConnectionError(code, `invalid value of setting ${name}: ${value}`);
}
