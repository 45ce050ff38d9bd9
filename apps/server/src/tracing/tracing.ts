import type { IncomingMessage, RequestListener } from 'node:http';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import type { RequestTrace } from './requestTrace.ts';

/** Traces of requests, where `--otlp-endpoint` asks for them. */
export interface Tracing {
  /** Begins a trace with each request of HTTP, and goes on with the one that its `traceparent` names. */
  listener(next: RequestListener): RequestListener;
  /** The same with each gRPC call. */
  readonly interceptor: ServerInterceptor;
  /** The trace of a request of HTTP, or of a gRPC call by its metadata. */
  traceOf(request: IncomingMessage | Metadata): RequestTrace | undefined;
  /** Sends what is not sent. */
  close(): Promise<void>;
}
