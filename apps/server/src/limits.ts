import { limits as servingLimits } from '@onda/serving';

/** What one request may ask for; beyond it a 4xx says so before anything runs. */
export const limits = {
  ...servingLimits,
  /** Bytes of an infer request's body. */
  bodyBytes: 8 * 1024 * 1024,
  /** Bytes of a generate request's body: a prompt is short. */
  generateBodyBytes: 1024 * 1024,
  connections: 4096,
  /** Requests of one gRPC stream that are under way; it is read no further until one is answered. */
  streamRequests: 1024,
  /** Calls of one gRPC connection at a time. */
  streams: 1024,
  /** Bytes of gRPC messages that are not whole, of all connections. */
  grpcHeldBytes: 256 * 1024 * 1024,
} as const;

/** Milliseconds. A client that is slower than this is cut off, so that slow writers cannot hold all connections. */
export const timeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  /** Without a byte in either direction. */
  idleSocketMs: 60_000,
  /** A stream of samples, from its first event on. */
  streamMs: 600_000,
  /** A stream of samples that has nothing to say for so long sends a comment. */
  streamBeatMs: 15_000,
  keepAliveMs: 72_000,
  /** A worker that has answered nothing for so long, with runs to do, is not ready: the longest run takes half a second. */
  notReadyMs: 5_000,
  /** And after so long the process had better be started again. */
  notLiveMs: 30_000,
  /** How often sequences that nobody asks for are looked through. */
  sweepMs: 1_000,
  /** When a client that was refused is to come again. */
  retryAfterMs: 1_000,
  /** How often connections that fell idle meanwhile are closed while it drains. */
  drainStepMs: 50,
} as const;
