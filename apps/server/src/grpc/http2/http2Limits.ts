import { limits } from '../../limits.ts';

/** What one HTTP/2 connection may ask for; beyond it the stream or the connection ends. */
export const http2Limits = {
  streams: limits.streams,
  /** Bytes of body that may come for one stream before we say that we have taken some. */
  streamWindow: 1024 * 1024,
  /** The same for all streams together. */
  connectionWindow: 16 * 1024 * 1024,
  /** Bytes of a header list, as RFC 9113 counts them: Node's limit for HTTP/1.1 too. */
  headerBytes: 16_384,
  /** Bytes of a header block as it comes. A list of that size is smaller; what is larger cannot be read without being kept. */
  blockBytes: 32_768,
  /** Frames that one header block may come in. */
  blockFrames: 16,
  /** Settings in one frame; HTTP/2 and its extensions know ten. */
  settings: 32,
  /** Streams that we have reset and whose late frames are let by. */
  resetsRemembered: 2048,
  /** Bytes that a client has not read, above which it is not read either. */
  unreadBytes: 1024 * 1024,
} as const;
