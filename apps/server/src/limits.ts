/** What one request may ask for; beyond it a 4xx says so before anything runs. */
export const limits = {
  /** Bytes of an infer request's body. */
  bodyBytes: 8 * 1024 * 1024,
  /** Bytes of a generate request's body: a prompt is short. */
  generateBodyBytes: 1024 * 1024,
  /** Values of one tensor: as many float32 as the largest body can carry in binary. */
  tensorValues: 2 * 1024 * 1024,
  /** Rows of one request. */
  batch: 1024,
  /**
   * rows * samples * (the widest of state, inputs and outputs): what the graph holds between its nodes, 16 MiB of float32.
   * It also bounds how long one run keeps the others waiting: 0.3 to 0.4 seconds for a net of 32 units on one core.
   */
  runValues: 4 * 1024 * 1024,
  /** Generate requests that wait for the worker; one more gets a 503. */
  pending: 1024,
  /**
   * Input values of a run that requests are joined into. Above it a run takes longer than all that joining saves: 10 to 20
   * milliseconds for a net of 32 units on one core.
   */
  joinedValues: 128 * 1024,
  /** Samples in one event of a stream of samples. */
  streamPieceSamples: 64,
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
  /** A connection whose request was refused for pressure is not read for so long. */
  refusedMs: 100,
  /** How often connections that fell idle meanwhile are closed while it drains. */
  drainStepMs: 50,
} as const;
