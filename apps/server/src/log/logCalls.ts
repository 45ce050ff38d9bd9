import { ServerInterceptingCall, ServerListenerBuilder, status } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import type { Log } from './createLog.ts';
import { maybeTraceId } from './traceId.ts';

/** Tells each gRPC call at the level `debug` when it is over, as `logRequests` does for HTTP. */
export function logCalls(log: Log): ServerInterceptor[] {
  if (!log.isLevelEnabled('debug')) return [];
  return [
    ({ path }, call) => {
      const since = performance.now();
      let trace_id: string | undefined;
      const listener = new ServerListenerBuilder()
        .withOnReceiveMetadata((metadata, next) => {
          trace_id = maybeTraceId(metadata.get('traceparent').at(0)?.toString());
          next(metadata);
        })
        .build();
      return new ServerInterceptingCall(call, {
        start: (next) => {
          next(listener);
        },
        sendStatus: (sent, next) => {
          const ms = Math.round((performance.now() - since) * 1000) / 1000;
          log.debug({ path, status: status[sent.code], ms, trace_id }, 'grpc call');
          next(sent);
        },
      });
    },
  ];
}
