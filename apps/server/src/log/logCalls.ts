import type { CallEnd } from '../grpc/call/callEnd.ts';
import { statusName } from '../grpc/grpcStatus.ts';
import { maybeTraceParent } from '../tracing/traceparent.ts';
import type { Log } from './createLog.ts';

/**
 * Tells a gRPC call at the level `debug` when it is over, as `logRequests` does for HTTP.
 *
 * @returns to be called with its end; undefined at any other level
 */
export function logCall(log: Log, path: string, traceparent: string | undefined): CallEnd | undefined {
  if (!log.isLevelEnabled('debug')) return undefined;
  const since = performance.now();
  return (code, client) => {
    const ms = Math.round((performance.now() - since) * 1000) / 1000;
    const trace_id = maybeTraceParent(traceparent)?.traceId;
    const of = { path: path.slice(0, MOST_OF_PATH), status: statusName(code), ms, client, trace_id };
    log.debug(of, 'grpc call');
  };
}

/** Characters of a path that are kept, as of HTTP's. */
const MOST_OF_PATH = 200;
