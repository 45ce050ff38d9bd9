import { statusName } from '../grpc/grpcStatus.ts';
import type { GrpcStatus } from '../grpc/grpcStatus.ts';
import type { Log } from './createLog.ts';
import { maybeTraceId } from './traceId.ts';

/**
 * Tells a gRPC call at the level `debug` when it is over, as `logRequests` does for HTTP.
 *
 * @returns to be called with its end; undefined at any other level
 */
export function logCall(
  log: Log,
  path: string,
  traceparent: string | undefined,
): ((code: GrpcStatus) => void) | undefined {
  if (!log.isLevelEnabled('debug')) return undefined;
  const since = performance.now();
  return (code) => {
    const ms = Math.round((performance.now() - since) * 1000) / 1000;
    const trace_id = maybeTraceId(traceparent);
    log.debug({ path: path.slice(0, MOST_OF_PATH), status: statusName(code), ms, trace_id }, 'grpc call');
  };
}

/** Characters of a path that are kept, as of HTTP's. */
const MOST_OF_PATH = 200;
