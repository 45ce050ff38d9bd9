import { describe, expect, it } from 'vitest';
import { maybeTraceParent } from './traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe(maybeTraceParent, () => {
  it('reads the first version, and of later ones what they have of it', () => {
    const parent = { traceId, spanId, flags: 1 };
    expect(maybeTraceParent(`00-${traceId}-${spanId}-01`)).toEqual(parent);
    expect(maybeTraceParent(`01-${traceId}-${spanId}-01`)).toEqual(parent);
    expect(maybeTraceParent(`cc-${traceId}-${spanId}-01-what-the-future-will-be`)).toEqual(parent);
  });

  it.each([
    undefined,
    '',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `01-${traceId}-${spanId}-01more`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    ` 00-${traceId}-${spanId}-01`,
  ])('takes %j for none', (header) => {
    expect(maybeTraceParent(header)).toBeUndefined();
  });
});
