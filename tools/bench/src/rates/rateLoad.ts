import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ResultError } from '@onda/contract';
import { runProgram } from '../peers/runProgram.ts';
import { frameOf } from '../serving/grpcFrames.ts';
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
  /**
   * From when a request's time counts: from when it was to be sent (when left out), or from when it was sent, where the load maker is
   * to fall behind.
   */
  from?: 'schedule' | 'sending';
}

/** Calls of one gRPC connection that may be under way. */
const GRPC_CALLS = 32;

/**
 * Asks at a fixed rate by h2load of nghttp2, which keeps a schedule for each connection and writes down when it sent each request.
 *
 * @throws ResultError when h2load does not run
 */
export async function runRateLoad(server: ServerProcess, load: RateLoad): Promise<TimedAnswers> {
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-rate-'));
  try {
    const bodyFile = path.join(folder, 'body');
    const logFile = path.join(folder, 'log');
    const { bytes, headers, url, protocol } = requestOf(server, load.form);
    writeFileSync(bodyFile, bytes);
    const { code, stdout, stderr } = await runProgram('h2load', [
      ...protocol,
      ...scheduleOf(load),
      ...[`--data=${bodyFile}`, `--log-file=${logFile}`],
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      url,
    ]);
    if (code !== 0) {
      throw new ResultError(
        `h2load did not run: ${(stderr || stdout).trim().split('\n')[0]}; see h2load --help`,
      );
    }
    return await readLog(logFile, load.from === 'sending' ? null : load.rate);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
    ...['-t1', `-c${connections}`, `-n${Math.round(rate * seconds)}`, `--rps=${each}`],
    ...[`-r${atOnce}`, `--rate-period=${periodMs}ms`],
  ];
}

function requestOf(
  server: ServerProcess,
  form: RateLoad['form'],
): { bytes: Buffer; headers: Readonly<Record<string, string>>; url: string; protocol: string[] } {
  if (form === 'grpc') {
    const { path: method, requestSerialize } = inferenceService()['ModelInfer'];
    return {
      bytes: frameOf(requestSerialize(grpcRequest)),
      headers: { 'content-type': 'application/grpc', te: 'trailers' },
      url: `http://${server.grpc}${method}`,
      protocol: [`-m${GRPC_CALLS}`],
    };
  }
  const body = form === 'http-json' ? jsonBody() : binaryBody();
  return { ...body, url: `${server.http}/v2/models/${model}/infer`, protocol: ['--h1', '-m1'] };
}

/** A line an answer: microseconds since 1970 when it was sent, its status (-1: none), and its microseconds. */
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
