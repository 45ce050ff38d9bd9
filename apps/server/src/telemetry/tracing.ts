import { ConfigError } from '@onda/contract';
import type { Tracing } from './otelTracing.ts';

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
  const { Tracing } = await import('./otelTracing.ts');
  return new Tracing(endpoint, onWarning);
}

function maybeUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
