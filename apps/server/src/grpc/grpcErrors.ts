import { OndaError } from '@onda/contract';
import { GrpcStatus } from '@onda/grpc-server';
import type { CallHooks, GrpcFailure } from '@onda/grpc-server';
import { statusOf } from '@onda/protocol';
import { AccessError } from '../access/accessError.ts';
import type { Log } from '../telemetry/log.ts';

/** The gRPC status for each HTTP status of an error. */
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
  504: GrpcStatus.DEADLINE_EXCEEDED,
};

/** The status of an error whose message is meant for clients; undefined for any other. */
function maybeFailure(error: unknown): GrpcFailure | undefined {
  const code = statuses[statusOf(error) ?? 0];
  if (!(error instanceof OndaError) || code === undefined) return undefined;
  return {
    code,
    details: error.message,
    ...(error instanceof AccessError ? { metadata: error.headers } : {}),
  };
}

/** Maps errors to statuses, and logs those that no client caused. */
export function failureHooks(log: Log): Required<Pick<CallHooks<never>, 'failureOf' | 'onDefect'>> {
  return {
    failureOf: maybeFailure,
    onDefect: (error) => {
      log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
  };
}
