import { ProtocolError } from '@onda/protocol';
import { clusterSwapScript, countLeasesScript, leaseScript, releaseScript } from './clusterScripts.ts';
import { findScript, swapScript, sweepScript } from './redisScripts.ts';

/** Timeout of one command, milliseconds. */
export const COMMAND_MS = 1_000;
export const CONNECT_MS = 2_000;
/** A connection that has answered no command for this long is closed, milliseconds: its peer may have vanished. */
export const SILENT_MS = 4_000;
export const circuitOptions = { failures: 3, openMs: 1_000 };
/** A repeated rejection by Redis is logged again after this time, milliseconds. */
const LOG_AGAIN_MS = 60_000;

type Argument = string | number | Buffer;

/** The scripts as commands of the ioredis client; `keys` is the number of keys among the arguments. */
export interface Scripts {
  ondaFindBuffer(keys: number, ...args: Argument[]): Promise<Buffer[]>;
  ondaSwap(keys: number, ...args: Argument[]): Promise<[string, number, number]>;
  ondaSweep(keys: number, ...args: Argument[]): Promise<[number, number]>;
  ondaClusterSwap(keys: number, ...args: Argument[]): Promise<[string, number, number, string]>;
  ondaLease(keys: number, ...args: Argument[]): Promise<[string, number, number]>;
  ondaRelease(keys: number, ...args: Argument[]): Promise<number>;
  ondaCountLeases(keys: number, ...args: Argument[]): Promise<[number, number]>;
}

/** For the option `scripts` of the client. */
export const scripts = {
  ondaFind: { lua: findScript },
  ondaSwap: { lua: swapScript },
  ondaSweep: { lua: sweepScript },
  ondaClusterSwap: { lua: clusterSwapScript },
  ondaLease: { lua: leaseScript },
  ondaRelease: { lua: releaseScript },
  ondaCountLeases: { lua: countLeasesScript },
};

/** Delay before the next attempt to connect, milliseconds: doubled from 50 ms up to a second. */
export function retryDelayMs(times: number): number {
  return Math.min(50 * 2 ** (times - 1), 1_000);
}

/** The errors of a connection to Redis: counted, and logged once. */
export class StoreFailures {
  /** Commands that failed since the start. */
  count = 0;
  readonly #address: string;
  readonly #warn: (text: string) => void;
  /** The rejection that was logged last, and when. */
  #logged = { kind: '', at: -Infinity };

  /** @param address without password */
  constructor(address: string, warn: (text: string) => void) {
    this.#address = address;
    this.#warn = warn;
  }

  /** No reply arrived: the command may have been executed. */
  unreachable(cause?: unknown): ProtocolError {
    this.count++;
    return new ProtocolError(
      'unavailable',
      'the sequence store (Redis) is unavailable; retry in a moment, with the same sequence_step if the request had one',
      { cause },
    );
  }

  /** Redis replied with an error: it is full, cannot write to its disk, or is read-only. Nothing was changed. */
  rejected(cause: Error): ProtocolError {
    this.count++;
    const [kind] = cause.message.split(' ');
    const now = performance.now();
    if (kind !== this.#logged.kind || now - this.#logged.at > LOG_AGAIN_MS) {
      this.#logged = { kind, at: now };
      this.#warn(`Redis at ${this.#address} rejects commands (${cause.message}); their steps get 503`);
    }
    return new ProtocolError(
      'unavailable',
      'the sequence store (Redis) rejected the step, and nothing has changed; retry in a moment',
      { cause },
    );
  }
}

/** Whether Redis replied with an error. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
