import { ConfigError } from '@onda/contract';
import type { RedisAddress } from '@onda/contract';
import { Redis } from 'ioredis';
import { Circuit } from './circuit.ts';
import type { CircuitState } from './circuit.ts';
import { evictionProblem, unsuitability } from './redisSuitability.ts';
import {
  circuitOptions,
  COMMAND_MS,
  CONNECT_MS,
  isReplyError,
  retryDelayMs,
  scripts,
  SILENT_MS,
  StoreFailures,
} from './redisClient.ts';
import type { Scripts } from './redisClient.ts';

/** Delay between attempts to find a writable Redis at the same address, milliseconds. */
const LOOK_MS = 5_000;

/**
 * The connection to Redis. It reconnects automatically; meanwhile every call is rejected at once.
 *
 * A command without a reply is not sent again: it may have been executed, which a retry with the step number resolves.
 */
export class RedisLink {
  /** How often the connection was restored. */
  reconnects = 0;
  readonly #client: Redis;
  readonly #circuit = new Circuit(circuitOptions);
  readonly #failures: StoreFailures;
  /** Called with a sentence when the connection is lost or restored, and when Redis rejects commands. */
  readonly #warn: (text: string) => void;
  readonly #address: string;
  #closing = false;
  /** Time since which commands have had no reply, milliseconds; undefined: the last one had one. */
  #silentSince: number | undefined;

  private constructor(client: Redis, address: string, warn: (text: string) => void) {
    this.#client = client;
    this.#address = address;
    this.#warn = warn;
    this.#failures = new StoreFailures(address, warn);
  }

  /**
   * @param onChange called with a sentence when the connection is lost or restored, and when Redis rejects commands
   * @throws ConfigError if there is no Redis that can store sequences
   */
  static async open(
    { connection, shown }: RedisAddress,
    onChange: (text: string) => void,
  ): Promise<RedisLink> {
    let lookedAt = -Infinity;
    const client = new Redis({
      ...connection,
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      commandTimeout: COMMAND_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: retryDelayMs,
      scripts,
      // After a failover the name resolves to another Redis, while the old connection is still open.
      reconnectOnError: ({ message }) => {
        const looks = message.startsWith('READONLY') && performance.now() - lookedAt > LOOK_MS;
        if (looks) lookedAt = performance.now();
        return looks;
      },
    });
    const link = new RedisLink(client, shown, onChange);
    try {
      await link.#connect(connection.db);
    } catch (error) {
      client.disconnect();
      throw error;
    }
    link.#watch();
    return link;
  }

  /** @throws ConfigError */
  async #connect(database: number): Promise<void> {
    const client = this.#client;
    let problem = 'no answer';
    // Without a listener ioredis prints each error.
    client.on('error', (error: Error) => (problem = error.message || problem));
    const unreachable = (cause: unknown): ConfigError => {
      const said =
        cause instanceof Error && cause.message !== 'Connection is closed.' ? cause.message : problem;
      return new ConfigError(
        `sequence store ${this.#address}: expected a reachable Redis, got ${said}; start it, correct the address or use memory`,
        { cause },
      );
    };
    try {
      await client.connect();
      const info = await client.info().catch(() => '');
      const unsuitable = unsuitability(info);
      if (unsuitable !== undefined) {
        throw new ConfigError(`sequence store ${this.#address}: ${unsuitable}`);
      }
      const eviction = evictionProblem(info);
      if (eviction !== undefined) this.#warn(`Redis at ${this.#address} ${eviction}`);
      // ioredis continues with database 0 where this one is not allowed.
      await client.select(database);
    } catch (error) {
      throw error instanceof ConfigError ? error : unreachable(error);
    }
  }

  #watch(): void {
    let isLost = false;
    this.#client.on('close', () => {
      if (!isLost && !this.#closing) {
        this.#warn(
          `Redis at ${this.#address} is unreachable; steps of sequences get 503 until it is reachable`,
        );
      }
      isLost = true;
    });
    this.#client.on('ready', () => {
      if (!isLost) return;
      this.reconnects++;
      this.#warn(`Redis at ${this.#address} is reachable again`);
      isLost = false;
    });
  }

  /** Commands that failed since the start. */
  get failures(): number {
    return this.#failures.count;
  }

  get connected(): boolean {
    return this.#client.status === 'ready';
  }

  get circuit(): CircuitState {
    return this.#circuit.state;
  }

  /** @throws ProtocolError 503 when Redis is unreachable, does not answer in time, or rejects the command */
  async call<Result>(command: (scripts: Scripts) => Promise<Result>): Promise<Result> {
    if (this.#client.status !== 'ready' || !this.#circuit.admits()) throw this.#failures.unreachable();
    try {
      const result = await command(this.#client as unknown as Scripts);
      this.#answered();
      return result;
    } catch (cause) {
      if (isReplyError(cause)) {
        // It replies, so the circuit stays closed.
        this.#answered();
        throw this.#failures.rejected(cause);
      }
      this.#circuit.failed();
      this.#endSilence();
      throw this.#failures.unreachable(cause);
    }
  }

  #answered(): void {
    this.#circuit.succeeded();
    this.#silentSince = undefined;
  }

  /** TCP would retransmit for a quarter of an hour after a network failure; a new connection may succeed. */
  #endSilence(): void {
    const now = performance.now();
    this.#silentSince ??= now;
    if (now - this.#silentSince < SILENT_MS) return;
    this.#silentSince = undefined;
    this.#client.disconnect(true);
  }

  close(): Promise<void> {
    this.#closing = true;
    this.#client.disconnect();
    return Promise.resolve();
  }
}
