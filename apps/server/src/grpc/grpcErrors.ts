import { OndaError } from '@onda/contract';
import { statusOf } from '@onda/protocol';
import type { Service } from '../service.ts';
import { GrpcStatus } from './grpcStatus.ts';

/** The gRPC status of each HTTP status that a request can end with. */
const statuses: Readonly<Partial<Record<number, GrpcStatus>>> = {
  400: GrpcStatus.INVALID_ARGUMENT,
  401: GrpcStatus.UNAUTHENTICATED,
  403: GrpcStatus.PERMISSION_DENIED,
  404: GrpcStatus.NOT_FOUND,
  408: GrpcStatus.DEADLINE_EXCEEDED,
  409: GrpcStatus.ALREADY_EXISTS,
  410: GrpcStatus.FAILED_PRECONDITION,
  413: GrpcStatus.RESOURCE_EXHAUSTED,
  422: GrpcStatus.OUT_OF_RANGE,
  429: GrpcStatus.RESOURCE_EXHAUSTED,
  499: GrpcStatus.CANCELLED,
  503: GrpcStatus.UNAVAILABLE,
};

/** Why a call fails, for its client. */
export interface GrpcFailure {
  readonly code: GrpcStatus;
  readonly details: string;
}

/** A call that fails by gRPC's own rules, before a model is asked. */
export class CallError extends Error implements GrpcFailure {
  readonly code: GrpcStatus;

  constructor(code: GrpcStatus, message: string) {
    super(message);
    this.code = code;
  }

  get details(): string {
    return this.message;
  }
}

/** What a call fails with: the sentence that HTTP has. A defect of ours is told to the log alone. */
export function grpcError(service: Pick<Service, 'onDefect'>, error: unknown): GrpcFailure {
  const known = error instanceof CallError ? error : maybeGrpcError(error);
  if (known) return known;
  service.onDefect(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return {
    code: GrpcStatus.INTERNAL,
    details: 'the service could not answer; what it printed says why, and it goes on',
  };
}

/** The status of a failure that Onda understands and may tell; undefined for any other. */
export function maybeGrpcError(error: unknown): GrpcFailure | undefined {
  const code = statuses[statusOf(error) ?? 0];
  return error instanceof OndaError && code !== undefined ? { code, details: error.message } : undefined;
}
