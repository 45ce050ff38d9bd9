import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { inferCall, readH2load } from '../serving/h2loadLog.ts';
import type { H2loadRequest } from '../serving/h2loadLog.ts';
import { binaryBody, grpcRequest, inferenceService, jsonBody, model } from '../serving/requests.ts';
import type { ServerProcess } from '../serving/serverProcess.ts';
import { bySchedule } from './timedAnswers.ts';
import type { TimedAnswers } from './timedAnswers.ts';

/** Requests that come at a fixed rate, whatever their answers do. */
export interface RateLoad {
  form: 'http-json' | 'http-binary' | 'grpc';
  /** Over HTTP/1.1 so many requests can be under way; over gRPC many times as many. */
  connections: number;
  /** Requests a second over all connections. */
  rate: number;
  seconds: number;
  /** From when a request's time counts: from when it was to be sent (when left out), or from when it was sent. */
  from?: 'schedule' | 'sending';
  /** More than can be answered: it ends when its time is over, however far it has fallen behind, and not when all are answered. */
  flood?: boolean;
  /** Called when the load maker has ended; its log is read when what this returns has come about: reading takes a processor. */
  ended?: () => Promise<unknown>;
}

/** Calls of one gRPC connection that may be under way. */
const GRPC_CALLS = 32;

/**
 * Asks at a fixed rate by h2load of nghttp2, which keeps a schedule for each connection and writes down when it sent each request.
 *
 * @throws ResultError when h2load does not run
 */
export function runRateLoad(server: ServerProcess, load: RateLoad): Promise<TimedAnswers> {
  const { from = 'schedule', flood = false, ended } = load;
  const { request, protocol } = requestOf(server, load.form);
  return readH2load(
    request,
    [...protocol, ...(flood ? floodOf(load) : scheduleOf(load))],
    async (logFile) => {
      await ended?.();
      return readLog(logFile, from === 'sending' ? null : load.rate);
    },
  );
}

/** What is under way at its end is cut off, and not written down. */
function floodOf({ connections, rate, seconds }: RateLoad): string[] {
  return [`-c${connections}`, `-D${seconds}`, `--rps=${rate / connections}`];
}

/**
 * Its connections begin one after the other over the time that one waits between two requests: begun at once, all would ask at
 * once, again and again.
 */
function scheduleOf({ connections, rate, seconds }: RateLoad): string[] {
  const each = rate / connections;
  const spreadMs = Math.max(1, 1000 / each);
  const atOnce = Math.max(1, Math.ceil(connections / spreadMs));
  const periodMs = Math.max(1, Math.floor((spreadMs / connections) * atOnce));
  return [
    ...[`-c${connections}`, `-n${Math.round(rate * seconds)}`, `--rps=${each}`],
    ...[`-r${atOnce}`, `--rate-period=${periodMs}ms`],
  ];
}

function requestOf(
  server: ServerProcess,
  form: RateLoad['form'],
): { request: H2loadRequest; protocol: string[] } {
  if (form === 'grpc') {
    const message = inferenceService()['ModelInfer'].requestSerialize(grpcRequest);
    return { request: inferCall(server.grpc, message), protocol: [`-m${GRPC_CALLS}`] };
  }
  const body = form === 'http-json' ? jsonBody() : binaryBody();
  const url = `${server.http}/v2/models/${model}/infer`;
  return { request: { ...body, url }, protocol: ['--h1', '-m1'] };
}

/** A status of -1: no answer came. */
async function readLog(file: string, rate: number | null): Promise<TimedAnswers> {
  const sent: number[] = [];
  const took: number[] = [];
  const statuses: number[] = [];
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const [at, status, microseconds] = line.split('\t').map(Number);
    sent.push(at / 1000);
    took.push(microseconds / 1000);
    statuses.push(Math.max(0, status));
  }
  return bySchedule(sent, took, statuses, rate);
}
