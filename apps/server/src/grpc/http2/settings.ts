import { ErrorCode } from './errorCodes.ts';
import { FIRST_WINDOW, FRAME_BYTES, MOST_31_BITS, settingsFrame, windowFrame } from './frames.ts';
import { http2Limits } from './http2Limits.ts';
import { ConnectionError } from './http2Errors.ts';

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2 */
const Setting = {
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

const ENTRY_BYTES = 6;

/** What a connection begins with: our settings, and a window for the bodies of all streams. */
export const greeting = Buffer.concat([
  settingsFrame([
    [Setting.MAX_CONCURRENT_STREAMS, http2Limits.streams],
    [Setting.INITIAL_WINDOW_SIZE, http2Limits.streamWindow],
    [Setting.MAX_HEADER_LIST_SIZE, http2Limits.headerBytes],
  ]),
  windowFrame(0, http2Limits.connectionWindow - FIRST_WINDOW),
]);

/** What of the other end's settings matters to what we send. Its header table does not: our fields are for no table. */
export interface PeerSettings {
  /** Bytes of body that a new stream may send. */
  window: number;
  frameBytes: number;
}

export const firstPeerSettings: Readonly<PeerSettings> = { window: FIRST_WINDOW, frameBytes: FRAME_BYTES };

/** @throws ConnectionError for values that HTTP/2 does not have, and for more of them than there are */
export function readSettings(payload: Buffer, settings: PeerSettings): void {
  if (payload.length % ENTRY_BYTES !== 0) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `SETTINGS of ${payload.length} bytes`);
  }
  if (payload.length > http2Limits.settings * ENTRY_BYTES) {
    throw new ConnectionError(
      ErrorCode.ENHANCE_YOUR_CALM,
      `more than ${http2Limits.settings} settings in one frame`,
    );
  }
  for (let at = 0; at < payload.length; at += ENTRY_BYTES) {
    readSetting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2), settings);
  }
}

function readSetting(id: number, value: number, settings: PeerSettings): void {
  if (id === Setting.ENABLE_PUSH && value > 1) throw wrong('ENABLE_PUSH', value);
  if (id === Setting.INITIAL_WINDOW_SIZE) {
    if (value > MOST_31_BITS) throw wrong('INITIAL_WINDOW_SIZE', value, ErrorCode.FLOW_CONTROL_ERROR);
    settings.window = value;
  } else if (id === Setting.MAX_FRAME_SIZE) {
    if (value < FRAME_BYTES || value > 0xff_ffff) throw wrong('MAX_FRAME_SIZE', value);
    settings.frameBytes = value;
  }
}

function wrong(name: string, value: number, code: ErrorCode = ErrorCode.PROTOCOL_ERROR): ConnectionError {
  return new ConnectionError(code, `the setting ${name} cannot be ${value}`);
}
