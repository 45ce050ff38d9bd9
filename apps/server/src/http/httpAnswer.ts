import { timeouts } from '../limits.ts';

/** An answer before it is written. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export const jsonType = { 'content-type': 'application/json; charset=utf-8' } as const;

/** Seconds until a client that got a 429 or 503 should try again. */
export const retryAfter = { 'retry-after': String(timeouts.retryAfterMs / 1000) } as const;
