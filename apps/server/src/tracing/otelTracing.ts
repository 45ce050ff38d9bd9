import type { IncomingMessage, RequestListener } from 'node:http';
import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { RequestTrace } from '@onda/serving';
import { clientOf } from '../access/guard.ts';
import { GrpcStatus } from '@onda/grpc-server';
import { serverVersion } from '../serverVersion.ts';
import { toldExporter } from './toldExporter.ts';
import { maybeTraceParent } from './traceparent.ts';
import type { CallTrace, Tracing } from './tracing.ts';

/** Where OTLP over HTTP takes traces. @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const TRACES = '/v1/traces';

/** How long the collector may take for what it is sent, milliseconds; the end of the service waits for it at most as long. */
const EXPORT_MS = 3_000;

/** Spans of requests, and in them of their waiting and their runs, sent in batches to a collector. */
export class OtelTracing implements Tracing {
  readonly #provider: NodeTracerProvider;
  readonly #tracer: Tracer;
  readonly #traces = new WeakMap<IncomingMessage, RequestTrace>();

  /** @param tell told in a sentence when the collector takes no more traces, and when it does again */
  constructor(endpoint: string, tell: (text: string) => void) {
    const { origin, pathname } = new URL(endpoint);
    const sender = new OTLPTraceExporter({ url: tracesUrl(endpoint), timeoutMillis: EXPORT_MS });
    const exporter = toldExporter(sender, origin + pathname.replace(/\/$/, ''), tell);
    this.#provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'onda', 'service.version': serverVersion }),
      spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_MS })],
    });
    this.#tracer = this.#provider.getTracer('onda', serverVersion);
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

  traceOf(request: IncomingMessage): RequestTrace | undefined {
    return this.#traces.get(request);
  }

  call(path: string, traceparent: string | undefined, tracestate: string | undefined): CallTrace {
    const span = this.#begin(path.slice(1, 200), traceparent, tracestate, { 'rpc.system': 'grpc' });
    return {
      trace: this.#traceIn(span),
      end: (code, client) => {
        span.setAttribute('rpc.grpc.status_code', code);
        if (client !== undefined) span.setAttribute('onda.client', client);
        if (code === GrpcStatus.INTERNAL) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  close(): Promise<void> {
    // A collector that is away must not keep the service from ending.
    return this.#provider.shutdown().catch(() => undefined);
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

/** The address that takes traces, whether the collector's own was given or this one already. */
function tracesUrl(endpoint: string): string {
  const base = endpoint.replace(/\/$/, '');
  return base.endsWith(TRACES) ? base : base + TRACES;
}

/** A header that is not as it should be begins a trace of its own, as the specification wants it. */
function parentContext(header: string | undefined, state: string | undefined): Context {
  const parent = maybeTraceParent(header);
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, flags } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  });
}

function epochMs(performanceMs: number): number {
  return performance.timeOrigin + performanceMs;
}
