import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';
import type { GrpcStatus } from '@onda/grpc-server';
import { statusName } from '@onda/grpc-server';
import { maybeTraceParent } from './traceparent.ts';

export const logFormats = ['text', 'json'] as const;
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export interface LogOptions {
  /** `text`: the message alone; `json`: one object per line with time and level. */
  format: (typeof logFormats)[number];
  level: (typeof logLevels)[number];
}

/** The log of the service. It never has tensors or headers, and so no token. */
export type Log = Logger;

/** @param write receives the text; default: stderr */
export function createLog(
  { format, level }: LogOptions,
  write: (text: string) => void = (text) => process.stderr.write(text),
): Log {
  // Synchronous: the last lines before a crash must not be lost.
  const stream: DestinationStream = {
    write:
      format === 'json'
        ? write
        : (line) => {
            write(`${textOf(JSON.parse(line) as LogLine)}\n`);
          },
  };
  return pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}

interface LogLine {
  level: string;
  time: string;
  message: string;
  [field: string]: unknown;
}

/** The message alone; at level debug with its time and fields. */
function textOf({ level, time, message, ...fields }: LogLine): string {
  if (level !== 'debug') return message;
  const more = Object.entries(fields).map(([name, value]) => `${name}=${plain(String(value))}`);
  return [time, message, ...more].join(' ');
}

/** Text of a client must not look like a line of the log, nor control the terminal. */
function plain(value: string): string {
  return /^[!-~]*$/.test(value) ? value : JSON.stringify(value).replace(/[\x7f-\u{10ffff}]/gu, '?');
}

/**
 * Called once as a call ends.
 *
 * @param client name of the client's token; undefined without authentication or for a refused call
 */
export type CallEnd = (code: GrpcStatus, client: string | undefined) => void;

/**
 * Logs a gRPC call at level `debug` when it ends.
 *
 * @returns undefined at any other level
 */
export function logCall(log: Log, path: string, traceparent: string | undefined): CallEnd | undefined {
  if (!log.isLevelEnabled('debug')) return undefined;
  const since = performance.now();
  return (code, client) => {
    const ms = Math.round((performance.now() - since) * 1000) / 1000;
    const trace_id = maybeTraceParent(traceparent)?.traceId;
    const of = { path: path.slice(0, MAX_PATH_CHARACTERS), status: statusName(code), ms, client, trace_id };
    log.debug(of, 'grpc call');
  };
}

/** Logged characters of a path, as for HTTP. */
const MAX_PATH_CHARACTERS = 200;
