import { limits as servingLimits } from '@onda/serving';

/** Limits of requests and of the service's memory; beyond a limit a request gets 4xx or 503 before a model runs. */
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
  /** Maximum rows of a batch. */
  batchRows: 256,
  /** Requests of one model that wait for a run; `max_queue_size` in a model's config.pbtxt overrides it. */
  queuedRequests: 1024,
  /** Longest life of a sequence, seconds. */
  sequenceAgeS: 86_400,
  /** Concurrent requests of one gRPC stream; further messages are not read until one completes. */
  streamRequests: 1024,
  /** Concurrent calls of one gRPC connection. */
  streams: 1024,
  /** Bytes of request bodies, incomplete gRPC messages and unread gRPC responses, of all connections; one client gets half at most. */
  heldBytes: 128 * 1024 * 1024,
  /** Bytes of a request to the admin ports, over HTTP and gRPC. */
  adminBodyBytes: 64 * 1024,
  /** Bytes of incomplete messages and unread responses on the admin gRPC port. */
  adminHeldBytes: 4 * 1024 * 1024,
  /** Requests without authentication of one address, where others need it: health checks, files of the page. */
  probesPerSecond: 200,
  /** Bytes of a health check. */
  probeBytes: 256,
  /** Bytes of a gRPC request that only names a model. */
  nameBytes: 1024,
  /** Headers of an HTTP request. */
  headers: 1000,
} as const;

/** Timeouts and intervals, milliseconds. */
export const timeouts = {
  /** To complete a TLS handshake, and to receive the headers of a request. */
  headersMs: 10_000,
  /** To receive a complete request. */
  requestMs: 30_000,
  /** Idle timeout of a connection during a request. */
  idleSocketMs: 60_000,
  /** Keep-alive timeout between two requests. */
  keepAliveMs: 72_000,
  /** Longest duration of a stream of samples, from its first event on. */
  streamMs: 600_000,
  /** Interval of comments in a stream of samples without events. */
  streamHeartbeatMs: 15_000,
  /** To load a model, and to start a worker. */
  loadMs: 120_000,
  /** One run of a model; `run_timeout_seconds` in the parameters of a model's config.pbtxt overrides it. */
  runMs: 30_000,
  /** The service is not ready if a shared worker completes no run for this time with runs queued. */
  notReadyMs: 5_000,
  /** After this time, in which a run is stopped, it is not live either: the process should be restarted. */
  notLiveMs: 60_000,
  /** Interval at which `--model-control poll` looks for changes of the folder. */
  pollMs: 5_000,
  /** Interval at which the files of --tls-cert and --tls-key are read again. */
  certificateMs: 1_000,
  /** Retry-After of rejected requests. */
  retryAfterMs: 1_000,
  /** Time for open requests to complete after SIGTERM; then they are aborted. */
  drainMs: 20_000,
  /** Interval at which idle connections are closed while the service drains. */
  drainStepMs: 50,
} as const;
