import { ConfigError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import { Redis } from 'ioredis';
import { Circuit } from './circuit.ts';
import type { CircuitState } from './circuit.ts';
import { findScript, keepScript, sweepScript } from './scripts.ts';

/** How long one command may take, milliseconds: as long as a client might wait for a step, not as long as a network might. */
const COMMAND_MS = 1_000;
const CONNECT_MS = 2_000;
/** Between tries to connect again, milliseconds: doubled from the first, up to the last. */
const RETRY_MS = { first: 50, last: 1_000 };
const circuitOptions = { failures: 3, openMs: 1_000 };

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

  private constructor(client: Redis) {
    this.#client = client;
    client.defineCommand('ondaFind', { lua: findScript });
    client.defineCommand('ondaKeep', { lua: keepScript });
    client.defineCommand('ondaSweep', { lua: sweepScript });
  }

  /**
   * @param url       `redis://[[user]:password@]host[:port][/database]`, `rediss:` over TLS
   * @param onChange  told in one sentence when Redis goes away and when it is back
   * @throws ConfigError if no Redis answers there
   */
  static async open(url: string, onChange: (text: string) => void): Promise<RedisLink> {
    const client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      commandTimeout: COMMAND_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times) => Math.min(RETRY_MS.first * 2 ** (times - 1), RETRY_MS.last),
    });
    let problem = 'no answer';
    // Without a listener ioredis prints each error.
    client.on('error', (error: Error) => (problem = error.message || problem));
    try {
      await client.connect();
      await client.ping();
    } catch (cause) {
      client.disconnect();
      throw new ConfigError(
        `--state ${placeOf(url)}: expected a Redis that answers, got ${cause instanceof Error && cause.message !== 'Connection is closed.' ? cause.message : problem}; start it, correct the address or leave --state out`,
        { cause },
      );
    }
    const link = new RedisLink(client);
    let away = false;
    client.on('close', () => {
      if (!away)
        onChange(`Redis at ${placeOf(url)} is away; steps of sequences are answered 503 until it is back`);
      away = true;
    });
    client.on('ready', () => {
      if (!away) return;
      link.reconnects++;
      onChange(`Redis at ${placeOf(url)} is back`);
      away = false;
    });
    return link;
  }

  get connected(): boolean {
    return this.#client.status === 'ready';
  }

  get circuit(): CircuitState {
    return this.#circuit.state;
  }

  /** @throws ProtocolError 503 when Redis is away or does not answer in time */
  async call<Result>(command: (scripts: Scripts) => Promise<Result>): Promise<Result> {
    if (this.#client.status !== 'ready' || !this.#circuit.admits()) throw this.#away();
    try {
      const result = await command(this.#client as unknown as Scripts);
      this.#circuit.succeeded();
      return result;
    } catch (cause) {
      this.#circuit.failed();
      throw this.#away(cause);
    }
  }

  close(): Promise<void> {
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
}

/** The address without user and password. */
function placeOf(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
