const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** The trace that a request belongs to, of its `traceparent` header. @see https://www.w3.org/TR/trace-context/ */
export function maybeTraceId(header: string | undefined): string | undefined {
  return header === undefined ? undefined : traceparent.exec(header)?.[1];
}
