import type { SpanExporter } from '@opentelemetry/sdk-trace-node';

type Export = SpanExporter['export'];

/** Of ExportResultCode in @opentelemetry/core, which is no package of ours. */
const SUCCESS: number = 0;

/**
 * An exporter that says when the collector takes no more traces, and when it does again: by itself it drops them without a word.
 *
 * @param tell told in a sentence, once for each change
 */
export function toldExporter(
  exporter: SpanExporter,
  endpoint: string,
  tell: (text: string) => void,
): SpanExporter {
  let takes = true;
  const export_: Export = (spans, done) => {
    exporter.export(spans, (result) => {
      const code: number = result.code;
      const took = code === SUCCESS;
      if (took !== takes) {
        takes = took;
        tell(
          took
            ? `the collector at ${endpoint} takes traces again`
            : `the collector at ${endpoint} takes no traces (${result.error?.message ?? 'no reason given'}); they are dropped until it does`,
        );
      }
      done(result);
    });
  };
  return {
    export: export_,
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
