import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { OndaError } from '@onda/contract';
import { statusOf } from '@onda/protocol';
import type { Service } from '../service.ts';

/** The gRPC status of each HTTP status that a request can end with. */
const statuses: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  408: status.DEADLINE_EXCEEDED,
  409: status.ALREADY_EXISTS,
  410: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  422: status.OUT_OF_RANGE,
  429: status.RESOURCE_EXHAUSTED,
  499: status.CANCELLED,
  503: status.UNAVAILABLE,
};

type Failure = Pick<ServiceError, 'code' | 'details'>;

/** What a call fails with: the sentence that HTTP has. A defect of ours is told to the log alone. */
export function grpcError(service: Service, error: unknown): Failure {
  const known = maybeGrpcError(error);
  if (known) return known;
  service.onDefect(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return {
    code: status.INTERNAL,
    details: 'the service could not answer; what it printed says why, and it goes on',
  };
}

/** The status of a failure that Onda understands and may tell; undefined for any other. */
export function maybeGrpcError(error: unknown): Failure | undefined {
  const code = statuses[statusOf(error) ?? 0] as status | undefined;
  return error instanceof OndaError && code !== undefined ? { code, details: error.message } : undefined;
}
