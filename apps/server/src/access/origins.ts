import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { AccessError } from './accessError.ts';

/**
 * The origins of web pages that may call the service. A browser sends a page's requests to any address, the user's own machine
 * included, so requests of other origins are rejected, instead of only hiding the response as CORS does.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export class AllowedOrigins {
  readonly list: readonly string[];
  readonly #allowed: ReadonlySet<string>;

  constructor(allowed: readonly string[]) {
    this.list = allowed;
    this.#allowed = new Set(allowed);
  }

  /** @throws AccessError 403 for an Origin that is neither allowed nor the service's own */
  check({ origin, host }: IncomingHttpHeaders): void {
    if (origin === undefined || this.#allowed.has(origin)) return;
    if (host !== undefined && /^https?:\/\/(.+)$/.exec(origin)?.[1] === host) return;
    throw new AccessError(
      'forbidden',
      `Origin: expected the service's own or one of --cors-origins, got ${JSON.stringify(origin.slice(0, 100))}; the operator can allow it with --cors-origins`,
    );
  }
}

/**
 * The host names that the service accepts. DNS rebinding makes a page's host name resolve to 127.0.0.1 after the page was loaded; to the
 * browser the service then has the page's own origin. So a service on a loopback address without authentication accepts only IP
 * addresses and names of this machine.
 */
export class AllowedHosts {
  readonly #anyHost: boolean;
  readonly #names: ReadonlySet<string>;

  /**
   * @param listensOn     address of the service
   * @param origins       whose hosts are allowed, such as a proxy's
   * @param authenticates whether clients send tokens, which a page does not have
   */
  constructor(listensOn: string, origins: readonly string[] = [], authenticates = false) {
    this.#anyHost = authenticates || !isLoopback(listensOn);
    this.#names = new Set(['localhost', ...origins.map((origin) => withoutPort(new URL(origin).host))]);
  }

  /** @param host the header; undefined for HTTP/1.0, which browsers do not use */
  allows(host: string | undefined): boolean {
    if (this.#anyHost || host === undefined) return true;
    const name = withoutPort(host);
    return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || this.#names.has(name) || name.endsWith('.localhost');
  }

  /** @throws AccessError 403 */
  check(host: string | undefined): void {
    if (this.allows(host)) return;
    throw new AccessError(
      'forbidden',
      `Host: expected an IP address or localhost, got ${JSON.stringify(host?.slice(0, 100))}; the operator can allow a proxy's name with --cors-origins, or use --tokens`,
    );
  }
}

/** Whether an address to listen on is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}
