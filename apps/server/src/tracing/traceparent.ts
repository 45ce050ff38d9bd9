/** The place in a trace that a request goes on from. */
export interface TraceParent {
  /** Hexadecimal, 32 digits. */
  readonly traceId: string;
  /** Hexadecimal, 16 digits. */
  readonly spanId: string;
  readonly flags: number;
}

const firstVersion = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const laterVersion = /^(?!00|ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
const nothing = /^0+$/;

/**
 * Reads the header `traceparent`; of a version to come, the part that the first one has.
 *
 * @returns undefined for a header that is missing or not as it should be: the request begins a trace of its own then
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function maybeTraceParent(header: string | undefined): TraceParent | undefined {
  if (header === undefined || !(firstVersion.test(header) || laterVersion.test(header))) return undefined;
  const [, traceId, spanId, flags] = header.split('-');
  if (nothing.test(traceId) || nothing.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}
