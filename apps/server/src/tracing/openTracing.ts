import type { Tracing } from './tracing.ts';

/**
 * The libraries are loaded for this alone: without it they cost neither time at the start nor memory.
 *
 * @param endpoint of a collector that takes OTLP over HTTP, without the path: `http://127.0.0.1:4318`
 * @param tell     told in a sentence when the collector takes no more traces, and when it does again
 */
export async function openTracing(
  endpoint: string | undefined,
  tell: (text: string) => void,
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { OtelTracing } = await import('./otelTracing.ts');
  return new OtelTracing(endpoint, tell);
}
