import type { CallHead, CallHooks } from '@onda/grpc-server';
import type { RequestTrace } from '@onda/serving';
import type { Access } from '../access/access.ts';
import { AccessError } from '../access/accessError.ts';
import type { CallEnd, Log } from '../telemetry/log.ts';
import { logCall } from '../telemetry/log.ts';
import type { Tracing } from '../telemetry/otelTracing.ts';
import { failureHooks } from './grpcErrors.ts';

/** What the service knows of a call. */
export interface CallContext {
  /** Remote IP address. */
  readonly address: string;
  /** Name of the client's token; undefined without authentication. */
  client: string | undefined;
  readonly trace: RequestTrace | undefined;
  /** Ends the log entry and the trace. */
  readonly onEnd: readonly CallEnd[];
  /** Ends the count of the client's concurrent requests. */
  leave: (() => void) | undefined;
}

/** Methods without authentication, which have their own rate. */
const probes: ReadonlySet<string> = new Set([
  '/grpc.health.v1.Health/Check',
  '/inference.GRPCInferenceService/ServerLive',
  '/inference.GRPCInferenceService/ServerReady',
]);

/** Logging, tracing and access control of calls. */
export function callHooks(access: Access, log: Log, tracing: Tracing | undefined): CallHooks<CallContext> {
  const isObserved = access.asks || tracing !== undefined || log.isLevelEnabled('debug');
  /** Shared by calls that are neither logged nor traced. */
  const unobserved: CallContext = Object.freeze({
    address: '',
    client: undefined,
    trace: undefined,
    onEnd: [],
    leave: undefined,
  });
  return {
    onCall: ({ path, address, metadata }) => {
      if (!isObserved) return unobserved;
      const traceparent = metadata.get('traceparent');
      const traced = tracing?.call(path, traceparent, metadata.get('tracestate'));
      const logged = logCall(log, path, traceparent);
      return {
        address,
        client: undefined,
        trace: traced?.trace,
        onEnd: [logged, traced?.end].filter((end) => end !== undefined),
        leave: undefined,
      };
    },
    authorize: ({ path, address, metadata }: CallHead, context) => {
      if (!access.asks) return;
      try {
        if (probes.has(path)) {
          access.admitProbe(address);
          return;
        }
        const { client, leave } = access.admit(metadata.get('authorization'), address);
        context.client = client;
        context.leave = leave;
      } catch (error) {
        if (error instanceof AccessError) access.countRefusal(error);
        throw error;
      }
    },
    onCallEnd: ({ onEnd, leave, client }, code) => {
      for (const end of onEnd) end(code, client);
      leave?.();
    },
    ...failureHooks(log),
  };
}
