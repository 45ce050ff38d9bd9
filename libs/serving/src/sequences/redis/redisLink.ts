import { ConfigError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import { Redis } from 'ioredis';
import { maybeEvicts, maybeUnfit } from './checkRedis.ts';
import { Circuit } from './circuit.ts';
import type { CircuitState } from './circuit.ts';
import { readRedisPlace } from './redisPlace.ts';
import { findScript, keepScript, sweepScript } from './scripts.ts';

/** How long one command may take, milliseconds: as long as a client might wait for a step, not as long as a network might. */
const COMMAND_MS = 1_000;
const CONNECT_MS = 2_000;
/** A connection that has answered no command for so long is given up: its other end may be gone without a word. */
const SILENT_MS = 4_000;
/** Between tries to connect again, milliseconds: doubled from the first, up to the last. */
const RETRY_MS = { first: 50, last: 1_000 };
const circuitOptions = { failures: 3, openMs: 1_000 };
/** Between two tries to find, behind the same name, the Redis that can be written to, milliseconds. */
const LOOK_MS = 5_000;
/** What Redis says when it refuses is told once, and again after so long, milliseconds. */
const TELL_MS = 60_000;

/** The commands of the scripts, which a client of ioredis gets by their names. */
interface Scripts {
  ondaFindBuffer(keys: number, ...args: Argument[]): Promise<Buffer[]>;
  ondaKeep(keys: number, ...args: Argument[]): Promise<[string, number, number]>;
  ondaSweep(keys: number, ...args: Argument[]): Promise<[number, number]>;
}
type Argument = string | number | Buffer;

/**
 * The connection to Redis: connects again by itself, and while Redis is away every call is refused at once.
 *
 * A command whose answer did not come is not sent again: it may have been done, and whoever asked for it finds out by asking.
 */
export class RedisLink {
  /** Commands that failed since the start. */
  failures = 0;
  /** How often the connection came back. */
  reconnects = 0;
  readonly #client: Redis;
  readonly #circuit = new Circuit(circuitOptions);
  /** Told in one sentence when Redis goes away, is back, or refuses. */
  readonly #tell: (text: string) => void;
  readonly #shown: string;
  #closing = false;
  /** Since when commands have had no answer, milliseconds; undefined: the last one had. */
  #silentSince: number | undefined;
  /** The kind of refusal that was told last, and when. */
  #told = { kind: '', at: -Infinity };

  private constructor(client: Redis, shown: string, tell: (text: string) => void) {
    this.#client = client;
    this.#shown = shown;
    this.#tell = tell;
    client.defineCommand('ondaFind', { lua: findScript });
    client.defineCommand('ondaKeep', { lua: keepScript });
    client.defineCommand('ondaSweep', { lua: sweepScript });
  }

  /**
   * @param place    `redis://[[user]:password@]host[:port][/database]`, `rediss:` over TLS
   * @param onChange told in one sentence when Redis goes away, is back, or refuses what is asked of it
   * @throws ConfigError if there is no Redis that can keep sequences
   */
  static async open(place: string, onChange: (text: string) => void): Promise<RedisLink> {
    const { connection, shown } = readRedisPlace(place);
    let lookedAt = -Infinity;
    const client = new Redis({
      ...connection,
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      commandTimeout: COMMAND_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times) => Math.min(RETRY_MS.first * 2 ** (times - 1), RETRY_MS.last),
      // After a failover the name leads elsewhere, and the connection to the one that was written to is still open.
      reconnectOnError: ({ message }) => {
        const looks = message.startsWith('READONLY') && performance.now() - lookedAt > LOOK_MS;
        if (looks) lookedAt = performance.now();
        return looks;
      },
    });
    const link = new RedisLink(client, shown, onChange);
    try {
      await link.#begin(connection.db ?? 0);
    } catch (error) {
      client.disconnect();
      throw error;
    }
    link.#watch();
    return link;
  }

  /** @throws ConfigError */
  async #begin(database: number): Promise<void> {
    const client = this.#client;
    let problem = 'no answer';
    // Without a listener ioredis prints each error.
    client.on('error', (error: Error) => (problem = error.message || problem));
    const unanswered = (cause: unknown): ConfigError => {
      const said =
        cause instanceof Error && cause.message !== 'Connection is closed.' ? cause.message : problem;
      return new ConfigError(
        `--state ${this.#shown}: expected a Redis that answers, got ${said}; start it, correct the address or leave --state out`,
        { cause },
      );
    };
    try {
      await client.connect();
      const info = await client.info().catch(() => '');
      const unfit = maybeUnfit(info);
      if (unfit !== undefined) throw new ConfigError(`--state ${this.#shown}: ${unfit}`);
      const evicts = maybeEvicts(info);
      if (evicts !== undefined) this.#tell(`Redis at ${this.#shown} ${evicts}`);
      // ioredis goes on with database 0 where it may not have this one.
      await client.select(database);
    } catch (error) {
      throw error instanceof ConfigError ? error : unanswered(error);
    }
  }

  #watch(): void {
    let away = false;
    this.#client.on('close', () => {
      if (!away && !this.#closing) {
        this.#tell(`Redis at ${this.#shown} is away; steps of sequences are answered 503 until it is back`);
      }
      away = true;
    });
    this.#client.on('ready', () => {
      if (!away) return;
      this.reconnects++;
      this.#tell(`Redis at ${this.#shown} is back`);
      away = false;
    });
  }

  get connected(): boolean {
    return this.#client.status === 'ready';
  }

  get circuit(): CircuitState {
    return this.#circuit.state;
  }

  /** @throws ProtocolError 503 when Redis is away, does not answer in time, or refuses */
  async call<Result>(command: (scripts: Scripts) => Promise<Result>): Promise<Result> {
    if (this.#client.status !== 'ready' || !this.#circuit.admits()) throw this.#away();
    try {
      const result = await command(this.#client as unknown as Scripts);
      this.#answered();
      return result;
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'ReplyError') throw this.#refused(cause);
      this.#circuit.failed();
      this.#leaveSilence();
      throw this.#away(cause);
    }
  }

  #answered(): void {
    this.#circuit.succeeded();
    this.#silentSince = undefined;
  }

  /** TCP would go on sending into a cut network for a quarter of an hour; a new connection may find another way. */
  #leaveSilence(): void {
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

  #away(cause?: unknown): ProtocolError {
    this.failures++;
    return new ProtocolError(
      'unavailable',
      'the store of the sequences (Redis) does not answer; try again in a moment, with the same sequence_step if the request had one',
      { cause },
    );
  }

  /** Redis is there and says no: it is full, cannot write to its disk, or may not be written to. Nothing was changed then. */
  #refused(cause: Error): ProtocolError {
    this.failures++;
    // Whoever refuses answers: nobody has to be kept from waiting.
    this.#answered();
    const [kind] = cause.message.split(' ');
    const now = performance.now();
    if (kind !== this.#told.kind || now - this.#told.at > TELL_MS) {
      this.#told = { kind, at: now };
      this.#tell(
        `Redis at ${this.#shown} refuses (${cause.message}); steps that it refuses are answered 503`,
      );
    }
    return new ProtocolError(
      'unavailable',
      'the store of the sequences (Redis) does not take the step, and nothing has changed; try again in a moment',
      { cause },
    );
  }
}
