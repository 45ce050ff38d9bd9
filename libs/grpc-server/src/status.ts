/** How a call ends. @see https://grpc.io/docs/guides/status-codes/ */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatus = (typeof GrpcStatus)[keyof typeof GrpcStatus];

const names = new Map<number, string>(Object.entries(GrpcStatus).map(([name, code]) => [code, name]));

/** The name of a code, for logs. */
export function statusName(code: GrpcStatus): string {
  return names.get(code) ?? String(code);
}

/** Status, message and trailing metadata of a failed call. */
export interface GrpcFailure {
  readonly code: GrpcStatus;
  readonly details: string;
  /** Trailing metadata, e.g. `retry-after`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Thrown or passed to the callback by a handler, it ends the call with its status. */
export class CallError extends Error implements GrpcFailure {
  readonly code: GrpcStatus;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(code: GrpcStatus, message: string, metadata: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.metadata = metadata;
  }

  get details(): string {
    return this.message;
  }
}
