import type { Server, Socket } from 'node:net';
import { AccessError } from './accessError.ts';

export interface ClientLimitOptions {
  /** Requests per second of one client; undefined: no limit. */
  rate?: number | undefined;
  /** Concurrent requests of one client; undefined: no limit. */
  concurrent?: number | undefined;
}

interface Usage {
  /** Tokens left in the bucket. */
  tokens: number;
  /** When `tokens` was computed, milliseconds. */
  at: number;
  concurrent: number;
}

/** Clients of a generation; the usage of two generations is kept, the older one is evicted as a whole. */
const GENERATION = 5_000;

/**
 * Rate and concurrency limits of each client: a token bucket that holds one second's worth, and a count of requests in progress.
 * Shared by HTTP and gRPC, where a stream is delayed and not rejected; so it is not a fastify plugin.
 */
export class ClientLimits {
  readonly #options: ClientLimitOptions;
  readonly #now: () => number;
  #recent = new Map<string, Usage>();
  #older: ReadonlyMap<string, Usage> = new Map();
  /** Size of the recent generation at which it becomes the older one. */
  #full = GENERATION;

  /** @param now a monotonic clock in milliseconds */
  constructor(options: ClientLimitOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /**
   * Counts a request.
   *
   * @returns a function to call once when the request has ended
   * @throws AccessError 429 with Retry-After
   */
  enter(client: string): () => void {
    const { concurrent } = this.#options;
    const usage = this.#usageOf(client);
    if (concurrent !== undefined && usage.concurrent >= concurrent) {
      throw new AccessError(
        'too-many',
        `expected at most ${concurrent} concurrent requests of one client, got one more; wait for a response`,
        { 'retry-after': '1' },
      );
    }
    this.#take(usage);
    usage.concurrent++;
    return () => usage.concurrent--;
  }

  /**
   * Counts a message of an admitted stream.
   *
   * @returns how long to wait before the next one is read, milliseconds; a rejection would end the stream
   */
  delayMs(client: string): number {
    const { rate } = this.#options;
    if (rate === undefined) return 0;
    const usage = this.#usageOf(client);
    this.#fill(usage, rate);
    usage.tokens--;
    return Math.max(0, (-usage.tokens / rate) * 1000);
  }

  #take(usage: Usage): void {
    const { rate } = this.#options;
    if (rate === undefined) return;
    this.#fill(usage, rate);
    if (usage.tokens < 1) {
      const seconds = (1 - usage.tokens) / rate;
      throw new AccessError(
        'too-many',
        `expected at most ${rate} requests per second of one client, got more; wait ${seconds.toFixed(2)} s`,
        { 'retry-after': String(Math.ceil(seconds)) },
      );
    }
    usage.tokens--;
  }

  #fill(usage: Usage, rate: number): void {
    const now = this.#now();
    usage.tokens = Math.min(Math.max(1, rate), usage.tokens + ((now - usage.at) / 1000) * rate);
    usage.at = now;
  }

  #usageOf(client: string): Usage {
    const recent = this.#recent.get(client);
    if (recent) return recent;
    const usage = this.#older.get(client) ?? {
      tokens: Math.max(1, this.#options.rate ?? 1),
      at: this.#now(),
      concurrent: 0,
    };
    if (this.#recent.size >= this.#full) this.#rotate();
    this.#recent.set(client, usage);
    return usage;
  }

  /** Evicts the clients of the older generation without a request in progress; the cost per new client is constant. */
  #rotate(): void {
    const busy = [...this.#older].filter(([, { concurrent }]) => concurrent > 0);
    this.#older = this.#recent;
    this.#recent = new Map(busy);
    this.#full = busy.length + GENERATION;
  }
}

/** Limits the open connections of one address over all ports, so that one client cannot hold all connections. */
export class ConnectionLimit {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Closes further connections of a server before anything is read from them. */
  bound(server: Server): void {
    const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (!this.accept(socket)) socket.destroy();
      else for (const listener of listeners) listener.call(server, socket);
    });
  }

  /**
   * Counts a connection until it closes.
   *
   * @returns false if its address has too many
   */
  accept(socket: Socket): boolean {
    const client = networkOf(socket.remoteAddress ?? '');
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#most) return false;
    this.#open.set(client, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(client) ?? 1) - 1;
      if (left > 0) this.#open.set(client, left);
      else this.#open.delete(client);
    });
    return true;
  }
}

/** Groups of 16 bits of an IPv6 address, and of its network part. */
const [GROUPS, NETWORK_GROUPS] = [8, 4];
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/**
 * The network that identifies a client without a token: its IPv4 address, or the first 64 bits of an IPv6 address, since one
 * household can use all addresses of such a network.
 *
 * @param address in Node's short form, `2001:db8::1`
 */
export function networkOf(address: string): string {
  if (!address.includes(':') || MAPPED_IPV4.test(address)) return address.replace(MAPPED_IPV4, '');
  const [before, after] = address.split('%')[0].split('::') as [string, string | undefined];
  const first = groupsOf(before);
  if (after !== undefined) {
    const last = groupsOf(after);
    while (first.length + last.length < GROUPS) first.push('0');
    first.push(...last);
  }
  return first.slice(0, NETWORK_GROUPS).join(':');
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}
