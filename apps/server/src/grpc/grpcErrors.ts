import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { OndaError } from '@onda/contract';
import { statusOf } from '@onda/protocol';
import type { Service } from '../service.ts';

/** The gRPC status of each HTTP status that a request can end with. */
const statuses: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  404: status.NOT_FOUND,
  408: status.DEADLINE_EXCEEDED,
  409: status.ALREADY_EXISTS,
  410: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  422: status.OUT_OF_RANGE,
  499: status.CANCELLED,
  503: status.UNAVAILABLE,
};

/** What a call fails with: the sentence that HTTP has. A defect of ours is told to the log alone. */
export function grpcError(service: Service, error: unknown): Pick<ServiceError, 'code' | 'details'> {
  const code = statuses[statusOf(error) ?? 0] as status | undefined;
  if (error instanceof OndaError && code !== undefined) return { code, details: error.message };
  service.onDefect(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return {
    code: status.INTERNAL,
    details: 'the service could not answer; what it printed says why, and it goes on',
  };
}
