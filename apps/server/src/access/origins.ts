import type { IncomingHttpHeaders } from 'node:http';
import { AccessError } from './accessError.ts';

/** How long a browser may keep what it was told of a foreign origin, seconds. */
const PREFLIGHT_AGE = '600';

/**
 * Which pages may call the service. A browser sends a page's requests to any address, the user's own machine included, so a
 * page of an origin that is neither the service's own nor on the list is refused whatever it sends.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export class Origins {
  readonly #allowed: ReadonlySet<string>;

  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed);
  }

  /**
   * @returns the headers that tell the browser of a page on the list that it may read the answer
   * @throws AccessError 403
   */
  headersFor({ origin, host }: IncomingHttpHeaders): Readonly<Record<string, string>> {
    if (origin === undefined) return none;
    if (this.#allowed.has(origin)) {
      return {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'inference-header-content-length, retry-after',
        vary: 'origin',
      };
    }
    if (host !== undefined && hostOf(origin) === host) return none;
    throw new AccessError(
      'forbidden',
      `pages of ${JSON.stringify(origin.slice(0, 100))} may not call this service; who runs it can allow them with --cors-origins`,
    );
  }

  /** What a browser asks before it sends a page's request; undefined where this is no such question, or not from the list. */
  preflightHeaders(
    method: string,
    headers: IncomingHttpHeaders,
  ): Readonly<Record<string, string>> | undefined {
    const { origin, 'access-control-request-method': wanted } = headers;
    if (method !== 'OPTIONS' || wanted === undefined || !this.#allowed.has(origin ?? '')) return undefined;
    return {
      ...this.headersFor(headers),
      'access-control-allow-methods': 'GET, POST, PUT',
      'access-control-allow-headers':
        'authorization, content-type, inference-header-content-length, traceparent, tracestate',
      'access-control-max-age': PREFLIGHT_AGE,
    };
  }
}

const none: Readonly<Record<string, string>> = {};

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/(.+)$/.exec(origin)?.[1];
}
