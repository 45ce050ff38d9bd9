import type { ByteBudget } from '@onda/contract';
import type { CallHead } from './call/callHeaders.ts';
import type { GrpcFailure, GrpcStatus } from './status.ts';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Limits and timeouts of a server: their defaults. */
export const defaultLimits = {
  maxConnections: 4096,
  /** Open calls of one connection. */
  maxStreams: 1024,
  /** Receive window of a stream, bytes. */
  streamWindow: MIB,
  /** Receive window of a connection, bytes. */
  connectionWindow: 16 * MIB,
  /** Header list of a request, counted as SETTINGS_MAX_HEADER_LIST_SIZE; a larger one is answered with HTTP status 431. */
  maxHeaderListBytes: 16 * KIB,
  /** Encoded header block, and the frames it may arrive in. */
  maxHeaderBlockBytes: 32 * KIB,
  maxHeaderBlockFrames: 16,
  /** A message, before and after decompression. */
  maxMessageBytes: 4 * MIB,
  /** Incomplete and decompressed messages and unsent responses of all connections: the budget, where `budget` is not given. */
  maxHeldBytes: 256 * MIB,
  /** Responses of one connection that its client does not take. */
  maxUnsentBytes: 64 * MIB,
  /** Time for the connection preface and for a header block, milliseconds. */
  headerTimeoutMs: 10_000,
  /** Time for a message from its first byte to its last. */
  messageTimeoutMs: 30_000,
  /** Time in which a client must take a part of the responses that wait for it. */
  sendTimeoutMs: 60_000,
  /** A connection without calls closes after this time. */
  idleTimeoutMs: 72_000,
  /** A silent connection with calls receives PING after this time, and closes if it does not answer. */
  pingAfterMs: 60_000,
  pingTimeoutMs: 10_000,
};

export type GrpcServerLimits = Readonly<Record<keyof typeof defaultLimits, number>>;

/** What a server asks its user about calls. `Context` is the user's own record of a call; handlers see it as `call.context`. */
export interface CallHooks<Context> {
  /** Called first for every call, also for one that is then refused. */
  onCall(head: CallHead): Context;
  /** Admits a call to an existing method. @throws to refuse it */
  authorize?(head: CallHead, context: Context): void;
  /** Called once when a call has ended. */
  onCallEnd?(context: Context, code: GrpcStatus): void;
  /** Status of an error that a handler or hook threw; undefined: a defect, which is reported and becomes INTERNAL. */
  failureOf?(error: unknown): GrpcFailure | undefined;
  /** Called with errors that no client caused. */
  onDefect?(error: unknown): void;
  /** Explains why a method is not implemented. @param path `/package.Service/Method` */
  unimplemented?(path: string): string;
  /** Whether to accept a connection; asked before the TLS handshake. */
  acceptConnection?(socket: Socket): boolean;
}

export interface GrpcServerOptions<Context> extends CallHooks<Context>, Partial<GrpcServerLimits> {
  /** Shared with other servers of the process. */
  readonly budget?: ByteBudget;
  /** What to do about a message that is too large, for the error message. */
  readonly messageSizeHint?: string;
  /** Certificate and key; undefined: no TLS. A handshake must complete within `headerTimeoutMs`. */
  readonly tls?: SecureContextOptions | undefined;
}

/** Per-method limits, e.g. for methods that need no authentication. */
export interface MethodLimits {
  readonly maxMessageBytes?: number;
  /** What to do about a message that is too large, for the error message. */
  readonly messageSizeHint?: string;
  /** Default: true. */
  readonly acceptsCompression?: boolean;
}
