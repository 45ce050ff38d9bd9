import type { ServeOptions } from '../cli/serveOptions.ts';
import { limits } from '../limits.ts';
import type { AccessError } from './accessError.ts';
import { ClientByteBudget } from './clientByteBudget.ts';
import { ClientLimits, ConnectionLimit, networkOf } from './clientLimits.ts';
import type { ClientLimitOptions } from './clientLimits.ts';
import { AllowedHosts, AllowedOrigins } from './origins.ts';
import { readTokens } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** An admitted request. */
export interface Admitted {
  /** The name of the client's token; undefined without authentication. */
  readonly client: string | undefined;
  /** Call once when the request has ended. */
  readonly leave: () => void;
}

/** Why a request is rejected: no known token, a page of a foreign origin, above the client's limits. */
export type RefusalReason = 'unauthorized' | 'forbidden' | 'too-many';

/** Authentication, client limits and the origin checks, for HTTP and gRPC alike. */
export class Access {
  readonly origins: AllowedOrigins;
  readonly hosts: AllowedHosts;
  readonly connections = new ConnectionLimit(limits.connectionsOfClient);
  /** Bytes held in request bodies, messages and unread responses. */
  readonly bytes = new ClientByteBudget(limits.heldBytes);
  /** Rejected requests since the start. */
  readonly refused: Record<RefusalReason, number> = { unauthorized: 0, forbidden: 0, 'too-many': 0 };
  readonly tokens: Tokens | undefined;
  readonly #limits: ClientLimits | undefined;
  /** Requests without authentication, by address. */
  readonly #probes = new ClientLimits({ rate: limits.probesPerSecond });

  /** @param host address that the service listens on; without it any Host header is accepted */
  constructor(
    tokens: Tokens | undefined,
    clientLimits: ClientLimitOptions = {},
    corsOrigins: readonly string[] = [],
    host = '0.0.0.0',
  ) {
    const { rate, concurrent } = clientLimits;
    this.tokens = tokens;
    this.#limits =
      rate === undefined && concurrent === undefined ? undefined : new ClientLimits(clientLimits);
    this.origins = new AllowedOrigins(corsOrigins);
    this.hosts = new AllowedHosts(host, corsOrigins, tokens !== undefined);
  }

  /** Whether requests are authenticated or limited; if not, `admit` need not be called. */
  get asks(): boolean {
    return this.tokens !== undefined || this.#limits !== undefined;
  }

  /**
   * Admits a request.
   *
   * @param IP address of the client, its identity if there is no authentication
   * @throws AccessError 401, 429
   */
  admit(authorization: string | undefined, address: string): Admitted {
    const client = this.tokens?.clientOf(authorization);
    return { client, leave: this.#limits?.enter(client ?? networkOf(address)) ?? nothing };
  }

  /**
   * Admits a request that needs no authentication.
   *
   * @throws AccessError 429
   */
  admitProbe(address: string): void {
    this.#probes.enter(networkOf(address))();
  }

  /** Call once for each rejected request. */
  countRefusal({ code }: AccessError): void {
    if (code in this.refused) this.refused[code as RefusalReason]++;
  }

  /** How long to delay a further message of an admitted stream, milliseconds. */
  delayMs(client: string | undefined, address: string): number {
    return this.#limits?.delayMs(client ?? networkOf(address)) ?? 0;
  }
}

/** @throws ConfigError for an invalid tokens file */
export async function openAccess({
  tokens,
  corsOrigins,
  host,
  clientRate: rate,
  clientConcurrent: concurrent,
}: Pick<
  ServeOptions,
  'tokens' | 'corsOrigins' | 'host' | 'clientRate' | 'clientConcurrent'
>): Promise<Access> {
  const known = tokens === undefined ? undefined : await readTokens(tokens);
  return new Access(known, { rate, concurrent }, corsOrigins, host);
}

function nothing(): void {
  // Without limits nothing is counted.
}
