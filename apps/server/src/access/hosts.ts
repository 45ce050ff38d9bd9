import { isIP } from 'node:net';
import { AccessError } from './accessError.ts';
import { isLoopback } from './isLoopback.ts';

export interface HostOptions {
  /** Where the service listens. */
  listensOn: string;
  /** Origins of pages that may call; a proxy's own is among them. */
  origins: readonly string[];
  /** Whether clients show tokens, which a page has none of. */
  asked: boolean;
}

/**
 * As whom the service may be called. A page's name can be made to lead to 127.0.0.1 after the page was loaded (DNS rebinding); for the
 * browser the service is then the page's own. So a service that is for this machine alone, and asks nobody who he is, answers to
 * addresses and to names of this machine, and to no other name.
 */
export class Hosts {
  readonly #anyHost: boolean;
  readonly #names: ReadonlySet<string>;

  constructor({ listensOn, origins, asked }: HostOptions) {
    this.#anyHost = asked || !isLoopback(listensOn);
    this.#names = new Set(['localhost', ...origins.map((origin) => nameOf(new URL(origin).host))]);
  }

  /** @param host the header; undefined for a client of HTTP/1.0, which no browser is */
  knows(host: string | undefined): boolean {
    if (this.#anyHost || host === undefined) return true;
    const name = nameOf(host);
    return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || this.#names.has(name) || name.endsWith('.localhost');
  }

  /** @throws AccessError 403 */
  check(host: string | undefined): void {
    if (this.knows(host)) return;
    throw new AccessError(
      'forbidden',
      `Host: expected an address or localhost, since this service is for its own machine, got ${JSON.stringify(host?.slice(0, 100))}; who runs it can allow a proxy's name with --cors-origins, or ask for tokens`,
    );
  }
}

/** Without the port. */
function nameOf(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}
