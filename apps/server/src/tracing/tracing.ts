import type { IncomingMessage, RequestListener } from 'node:http';
import type { RequestTrace } from '@onda/serving';
import type { CallEnd } from '../log/logCalls.ts';

/** Traces of requests, where `--otlp-endpoint` asks for them. */
export interface Tracing {
  /** Begins a trace with each request of HTTP, and goes on with the one that its `traceparent` names. */
  listener(next: RequestListener): RequestListener;
  /** The same with a gRPC call. */
  call(path: string, traceparent: string | undefined, tracestate: string | undefined): CallTrace;
  /** The trace of a request of HTTP. */
  traceOf(request: IncomingMessage): RequestTrace | undefined;
  /** Sends what is not sent. */
  close(): Promise<void>;
}

/** The trace of one gRPC call. */
export interface CallTrace {
  readonly trace: RequestTrace;
  readonly end: CallEnd;
}
