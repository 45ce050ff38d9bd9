/** The parent span of a request. */
interface TraceParent {
  /** Hexadecimal, 32 digits. */
  readonly traceId: string;
  /** Hexadecimal, 16 digits. */
  readonly spanId: string;
  readonly flags: number;
}

const firstVersion = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const laterVersion = /^(?!00|ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
const allZeros = /^0+$/;

/**
 * Parses the header `traceparent`; of a future version only the part that version 00 defines.
 *
 * @returns undefined for a missing or invalid header: the request then starts a new trace
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function maybeTraceParent(header: string | undefined): TraceParent | undefined {
  if (header === undefined || !(firstVersion.test(header) || laterVersion.test(header))) return undefined;
  const [, traceId, spanId, flags] = header.split('-');
  if (allZeros.test(traceId) || allZeros.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}
