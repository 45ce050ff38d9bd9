import type { IncomingMessage, RequestListener } from 'node:http';
import { ServerInterceptingCall, ServerListenerBuilder, status as grpcStatus } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { clientOf } from '../access/guard.ts';
import { serverVersion } from '../serverVersion.ts';
import type { RequestTrace } from './requestTrace.ts';
import type { Tracing } from './tracing.ts';

/** Where OTLP over HTTP takes traces. @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const TRACES = '/v1/traces';

/** @see https://www.w3.org/TR/trace-context/ */
const traceparent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Spans of requests, and in them of their waiting and their runs, sent in batches to a collector. */
export class OtelTracing implements Tracing {
  readonly interceptor: ServerInterceptor;
  readonly #provider: NodeTracerProvider;
  readonly #tracer: Tracer;
  readonly #traces = new WeakMap<IncomingMessage | Metadata, RequestTrace>();

  constructor(endpoint: string) {
    const exporter = new OTLPTraceExporter({ url: endpoint.replace(/\/$/, '') + TRACES });
    this.#provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'onda', 'service.version': serverVersion }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    this.#tracer = this.#provider.getTracer('onda', serverVersion);
    this.interceptor = ({ path }, call) => this.#intercept(path, call);
  }

  listener(next: RequestListener): RequestListener {
    return (request, response) => {
      const { method = '', headers } = request;
      const [path] = (request.url ?? '').slice(0, 200).split('?');
      const span = this.#begin(`${method} ${path}`, headers.traceparent, headers.tracestate, {
        'http.request.method': method,
        'url.path': path,
      });
      this.#traces.set(request, this.#traceIn(span));
      response.once('close', () => {
        span.setAttribute('http.response.status_code', response.statusCode);
        const client = clientOf(request);
        if (client !== undefined) span.setAttribute('onda.client', client);
        if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      next(request, response);
    };
  }

  traceOf(request: IncomingMessage | Metadata): RequestTrace | undefined {
    return this.#traces.get(request);
  }

  close(): Promise<void> {
    // A collector that is away must not keep the service from ending.
    return this.#provider.shutdown().catch(() => undefined);
  }

  #intercept(path: string, call: Parameters<ServerInterceptor>[1]): ServerInterceptingCall {
    let span: Span | undefined;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const [parent, state] = ['traceparent', 'tracestate'].map((name) =>
          metadata.get(name).at(0)?.toString(),
        );
        span = this.#begin(path.slice(1), parent, state, { 'rpc.system': 'grpc' });
        this.#traces.set(metadata, this.#traceIn(span));
        next(metadata);
      })
      .withOnCancel(() => span?.end())
      .build();
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next(listener);
      },
      sendStatus: (sent, next) => {
        span?.setAttribute('rpc.grpc.status_code', sent.code);
        if (sent.code === grpcStatus.INTERNAL) span?.setStatus({ code: SpanStatusCode.ERROR });
        span?.end();
        next(sent);
      },
    });
  }

  #begin(
    name: string,
    parent: string | string[] | undefined,
    state: string | string[] | undefined,
    attributes: Attributes,
  ): Span {
    const context = parentContext(parent?.toString(), state?.toString());
    return this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, context);
  }

  #traceIn(parent: Span): RequestTrace {
    const context = trace.setSpan(ROOT_CONTEXT, parent);
    const span = (name: string, from: number, to: number): void => {
      this.#tracer.startSpan(name, { startTime: epochMs(from) }, context).end(epochMs(to));
    };
    return {
      ran: (waitedFrom, startedAt, endedAt) => {
        span('queue', waitedFrom, startedAt);
        span('run', startedAt, endedAt);
      },
    };
  }
}

/** A header that is not as it should be begins a trace of its own, as the specification wants it. */
function parentContext(header: string | undefined, state: string | undefined): Context {
  const match = traceparent.exec(header ?? '');
  if (match === null) return ROOT_CONTEXT;
  const [, traceId, spanId, flags] = match;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  });
}

function epochMs(performanceMs: number): number {
  return performance.timeOrigin + performanceMs;
}
