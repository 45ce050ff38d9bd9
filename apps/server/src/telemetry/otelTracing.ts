import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GrpcStatus } from '@onda/grpc-server';
import type { RequestTrace } from '@onda/serving';
import { serverVersion } from '../serverDescription.ts';
import type { CallEnd } from './log.ts';
import { maybeTraceParent } from './traceparent.ts';

/** Path of OTLP over HTTP for traces. @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const TRACES = '/v1/traces';

/** Timeout of an export, milliseconds, also at shutdown. */
const EXPORT_MS = 3_000;

/** The trace of one gRPC call. */
export interface CallTrace {
  readonly trace: RequestTrace;
  readonly end: CallEnd;
}

/** A span for each request, with child spans `queue` and `run`, sent to a collector in batches. */
export class Tracing {
  readonly #provider: NodeTracerProvider;
  readonly #tracer: Tracer;

  /** @param onWarning called when the collector stops or resumes accepting traces */
  constructor(endpoint: string, onWarning: (text: string) => void) {
    const { origin, pathname } = new URL(endpoint);
    const sender = new OTLPTraceExporter({ url: tracesUrl(endpoint), timeoutMillis: EXPORT_MS });
    const exporter = reportFailures(sender, origin + pathname.replace(/\/$/, ''), onWarning);
    this.#provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'onda', 'service.version': serverVersion }),
      spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_MS })],
    });
    this.#tracer = this.#provider.getTracer('onda', serverVersion);
  }

  traceHttp(request: FastifyRequest, { raw: response }: FastifyReply): RequestTrace {
    const { method, headers } = request;
    const [path] = request.url.slice(0, 200).split('?');
    const span = this.#start(`${method} ${path}`, headers.traceparent, headers.tracestate, {
      'http.request.method': method,
      'url.path': path,
    });
    response.once('close', () => {
      span.setAttribute('http.response.status_code', response.statusCode);
      if (request.client !== undefined) span.setAttribute('onda.client', request.client);
      if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    return this.#traceIn(span);
  }

  call(path: string, traceparent: string | undefined, tracestate: string | undefined): CallTrace {
    const span = this.#start(path.slice(1, 200), traceparent, tracestate, { 'rpc.system': 'grpc' });
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
    // An unreachable collector must not block the shutdown.
    return this.#provider.shutdown().catch(() => undefined);
  }

  #start(
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

/** The URL for traces, from the collector's base URL or this URL itself. */
function tracesUrl(endpoint: string): string {
  const base = endpoint.replace(/\/$/, '');
  return base.endsWith(TRACES) ? base : base + TRACES;
}

/** An invalid header starts a new trace, as the specification requires. */
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

type Export = SpanExporter['export'];

/** Of ExportResultCode in @opentelemetry/core, which is not a dependency. */
const SUCCESS: number = 0;

/** An exporter that reports when the collector stops and starts accepting traces; the exporter alone drops them silently. */
function reportFailures(
  exporter: SpanExporter,
  endpoint: string,
  onWarning: (text: string) => void,
): SpanExporter {
  let accepted = true;
  const report: Export = (spans, done) => {
    exporter.export(spans, (result) => {
      const code: number = result.code;
      const succeeded = code === SUCCESS;
      if (succeeded !== accepted) {
        accepted = succeeded;
        onWarning(
          succeeded
            ? `the trace collector at ${endpoint} accepts traces again`
            : `the trace collector at ${endpoint} does not accept traces (${result.error?.message ?? 'no reason given'}); they are dropped until it does`,
        );
      }
      done(result);
    });
  };
  return {
    export: report,
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
