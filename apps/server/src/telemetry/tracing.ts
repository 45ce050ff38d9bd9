import type { FastifyReply, FastifyRequest } from 'fastify';
import { ConfigError } from '@onda/contract';
import type { RequestTrace } from '@onda/serving';
import type { CallEnd } from './log.ts';

/** Traces of requests, sent to an OpenTelemetry collector. */
export interface Tracing {
  /** Starts the trace of an HTTP request, or continues the one in its `traceparent`. The trace ends with the response. */
  traceHttp(request: FastifyRequest, reply: FastifyReply): RequestTrace;
  /** Starts or continues the trace of a gRPC call. */
  call(path: string, traceparent: string | undefined, tracestate: string | undefined): CallTrace;
  /** Sends the remaining spans. */
  close(): Promise<void>;
}

/** The trace of one gRPC call. */
export interface CallTrace {
  readonly trace: RequestTrace;
  readonly end: CallEnd;
}

/**
 * Opens tracing if OpenTelemetry's variables name a collector of OTLP over HTTP. Its libraries are loaded only then.
 *
 * @param onWarning called when the collector stops or resumes accepting traces
 * @throws ConfigError for an endpoint that is not a URL
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export async function openTracing(
  onWarning: (text: string) => void,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Tracing | undefined> {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: base } = env;
  const [name, endpoint] = traces
    ? ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', traces]
    : ['OTEL_EXPORTER_OTLP_ENDPOINT', base];
  if (!endpoint) return undefined;
  if (!/^https?:$/.test(maybeUrl(endpoint)?.protocol ?? '')) {
    throw new ConfigError(
      `${name}: expected the URL of a collector such as http://127.0.0.1:4318, got another value; correct or unset it`,
    );
  }
  const { OtelTracing } = await import('./otelTracing.ts');
  return new OtelTracing(endpoint, onWarning);
}

function maybeUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
