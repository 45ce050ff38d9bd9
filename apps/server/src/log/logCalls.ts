import { statusName } from '@onda/grpc-server';
import type { GrpcStatus } from '@onda/grpc-server';
import { maybeTraceParent } from '../tracing/traceparent.ts';
import type { Log } from './createLog.ts';

/**
 * Called once as a call ends.
 *
 * @param client name of the client's token; undefined without authentication or for a refused call
 */
export type CallEnd = (code: GrpcStatus, client: string | undefined) => void;

/**
 * Logs a gRPC call at level `debug` when it ends.
 *
 * @returns undefined at any other level
 */
export function logCall(log: Log, path: string, traceparent: string | undefined): CallEnd | undefined {
  if (!log.isLevelEnabled('debug')) return undefined;
  const since = performance.now();
  return (code, client) => {
    const ms = Math.round((performance.now() - since) * 1000) / 1000;
    const trace_id = maybeTraceParent(traceparent)?.traceId;
    const of = { path: path.slice(0, MAX_PATH_CHARACTERS), status: statusName(code), ms, client, trace_id };
    log.debug(of, 'grpc call');
  };
}

/** Logged characters of a path, as for HTTP. */
const MAX_PATH_CHARACTERS = 200;
