import { limits as servingLimits } from '@onda/serving';

/** Bounds of requests and of the service's memory; above one of them a 4xx or 503 says so before a model runs. */
export const limits = {
  ...servingLimits,
  /** Bytes of an infer request's body. */
  bodyBytes: 8 * 1024 * 1024,
  /** Bytes of a generate request's body: a prompt is short. */
  generateBodyBytes: 1024 * 1024,
  /** Open HTTP connections. */
  connections: 4096,
  /** Open connections of one address, over all ports. */
  connectionsOfClient: 2048,
  /** Rows of one run that waiting requests are joined into. */
  batchRows: 256,
  /** Requests of one model that wait for a run; `max_queue_size` in a model's config.pbtxt overrides it. */
  queuedRequests: 1024,
  /** Longest life of a sequence, seconds. */
  sequenceAgeS: 86_400,
  /** Concurrent requests of one gRPC stream; further messages are not read until one is answered. */
  streamRequests: 1024,
  /** Concurrent calls of one gRPC connection. */
  streams: 1024,
  /** Bytes of request bodies, incomplete gRPC messages and unread gRPC answers, of all connections; half of it for one client. */
  heldBytes: 256 * 1024 * 1024,
  /** Bytes of a request to the admin ports, over HTTP and gRPC. */
  adminBodyBytes: 64 * 1024,
  /** Bytes of incomplete messages and unread answers on the admin gRPC port. */
  adminHeldBytes: 4 * 1024 * 1024,
  /** Headers of an HTTP request. */
  headers: 1000,
} as const;

/** Timeouts and intervals, milliseconds. */
export const timeouts = {
  /** For the headers of a request. */
  headersMs: 10_000,
  /** For a whole request. */
  requestMs: 30_000,
  /** Of a connection without a byte in either direction. */
  idleSocketMs: 60_000,
  /** Of a connection between two requests. */
  keepAliveMs: 72_000,
  /** Longest duration of a stream of samples, from its first event on. */
  streamMs: 600_000,
  /** Interval of comments in a stream of samples without events. */
  streamHeartbeatMs: 15_000,
  /** The service is not ready when its worker has answered nothing for so long, with runs queued: the longest run takes half a second. */
  notReadyMs: 5_000,
  /** And not live, so that the process should be restarted. */
  notLiveMs: 30_000,
  /** Interval at which `--model-control poll` looks for changes of the folder. */
  pollMs: 5_000,
  /** After how long a client that was rejected should retry. */
  retryAfterMs: 1_000,
  /** Longest time for the open requests after a signal; they are aborted then. */
  drainMs: 20_000,
  /** Interval at which idle connections are closed while the service drains. */
  drainStepMs: 50,
} as const;
