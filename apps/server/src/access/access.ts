import type { AccessError } from './accessError.ts';
import { ClientLimits } from './clientLimits.ts';
import type { ClientLimitOptions } from './clientLimits.ts';
import { ConnectionCount } from './connectionCount.ts';
import { Hosts } from './hosts.ts';
import { networkOf } from './networkOf.ts';
import { Origins } from './origins.ts';
import { readTokens } from './tokens.ts';
import type { Tokens } from './tokens.ts';

export interface AccessOptions extends ClientLimitOptions {
  /** Where the service listens. */
  host: string;
  /** File of the clients' tokens; undefined: nobody is asked who he is. */
  tokens: string | undefined;
  /** Origins of pages that may call the service besides its own. */
  corsOrigins: readonly string[];
  /** Connections of one address; undefined: as many as it likes. */
  connections?: number | undefined;
}

/** Who asks, and how to count the request out. */
export interface Admitted {
  /** The name of the client's token; undefined where nobody is asked. */
  readonly client: string | undefined;
  /** Called once, when the request is over. */
  readonly leave: () => void;
}

/** Why a request is not let in: no known token, a page of a foreign origin, more than the client's share. */
export type RefusalReason = 'unauthorized' | 'forbidden' | 'too-many';

/** Who may call the service and how much, over HTTP and gRPC alike. */
export class Access {
  readonly origins: Origins;
  readonly hosts: Hosts;
  /** Of each address; undefined: nobody counts them. */
  connections: ConnectionCount | undefined;
  /** Requests that were not let in, since the start. */
  readonly refused: Record<RefusalReason, number> = { unauthorized: 0, forbidden: 0, 'too-many': 0 };
  readonly #tokens: Tokens | undefined;
  readonly #limits: ClientLimits | undefined;

  /** @param host where the service listens; all others may call it when left out */
  constructor(
    tokens: Tokens | undefined,
    limits: ClientLimitOptions,
    corsOrigins: readonly string[] = [],
    host = '0.0.0.0',
  ) {
    this.#tokens = tokens;
    this.#limits =
      limits.rate === undefined && limits.concurrent === undefined ? undefined : new ClientLimits(limits);
    this.origins = new Origins(corsOrigins);
    this.hosts = new Hosts({ listensOn: host, origins: corsOrigins, asked: tokens !== undefined });
  }

  /** Whether anything is asked of a request; where not, it costs nothing. */
  get asks(): boolean {
    return this.#tokens !== undefined || this.#limits !== undefined;
  }

  get hasTokens(): boolean {
    return this.#tokens !== undefined;
  }

  /**
   * Lets a request in.
   *
   * @param address of the other end, by which clients are told apart where there are no tokens
   * @throws AccessError 401, 429
   */
  admit(authorization: string | undefined, address: string): Admitted {
    const client = this.#tokens?.clientOf(authorization);
    return { client, leave: this.#limits?.enter(client ?? networkOf(address)) ?? nothing };
  }

  /** Counted where the client is told, since a request may be tried more than once before. */
  countRefusal({ code }: AccessError): void {
    if (code in this.refused) this.refused[code as RefusalReason]++;
  }

  /** How long to hold back one more message of a stream that was let in, milliseconds. */
  delayMs(client: string | undefined, address: string): number {
    return this.#limits?.delayMs(client ?? networkOf(address)) ?? 0;
  }
}

/** @throws ConfigError for a file of tokens that cannot be used */
export async function openAccess({
  tokens,
  corsOrigins,
  host,
  connections,
  ...limits
}: AccessOptions): Promise<Access> {
  const known = tokens === undefined ? undefined : await readTokens(tokens, '--tokens');
  const access = new Access(known, limits, corsOrigins, host);
  if (connections !== undefined) access.connections = new ConnectionCount(connections);
  return access;
}

/** Lets everybody in, as often as he likes. */
export function openToAll(): Access {
  return new Access(undefined, { rate: undefined, concurrent: undefined });
}

function nothing(): void {
  // Nobody counts.
}
