import { createReadStream, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { MissingError, ResultError } from '@onda/contract';
import { lastLine, runProgram } from '../processes.ts';
import type { RequestBody } from './requests.ts';
import { binaryBody, frameOf, grpcRequest, inferenceService, jsonBody, model } from './requests.ts';
import type { Server } from './servers.ts';
import type { TimedAnswers } from './timedAnswers.ts';
import { bySchedule, intervalOf } from './timedAnswers.ts';

/** Transport and form of a request. */
export type Form = 'http-json' | 'http-binary' | 'grpc';

export interface LoadResult {
  /** Answers per second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Requests with another status than 200 or without an answer. */
  failures: number;
}

/** The load generators and Debian's packages of them. */
const packages = { wrk: 'wrk', h2load: 'nghttp2-client' };

/** @throws MissingError for a load generator that is not installed */
export async function requireLoadMakers(programs: readonly (keyof typeof packages)[]): Promise<void> {
  for (const program of programs) {
    const { code } = await runProgram({ program, args: ['--version'] });
    if (code !== 127) continue;
    throw new MissingError(
      `bench: expected the load generator ${program} on the path, found none; install it (Debian: apt-get install ${packages[program]})`,
    );
  }
}

function httpRequest({ http }: Server, form: Exclude<Form, 'grpc'>): RequestBody & { url: string } {
  const url = `${http}/v2/models/${model}/infer`;
  return { ...(form === 'http-json' ? jsonBody() : binaryBody()), url };
}

/** `ModelInfer`: a unary gRPC call is a POST over HTTP/2. */
function grpcCall({ grpc }: Server): RequestBody & { url: string } {
  const { path: route, requestSerialize } = inferenceService()['ModelInfer'];
  return {
    url: `http://${grpc}${route}`,
    bytes: frameOf(requestSerialize(grpcRequest)),
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
  };
}

/** Repeats a request as fast as it is answered: HTTP by wrk, gRPC by h2load, one thread each. */
export async function runLoad(
  server: Server,
  form: Form,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  if (form !== 'grpc') return runWrk(httpRequest(server, form), connections, seconds);
  // h2load sees the HTTP status only: the answers are compared before.
  const schedule = [`-c${connections}`, '-m1', `-D${seconds}`];
  const load = await runH2load(grpcCall(server), schedule, (log) => readLog(log, null));
  const { answered, refused, failed, p50, p99 } = intervalOf([load]);
  return { rate: answered / seconds, p50, p99, failures: refused + failed };
}

async function runWrk(
  { url, bytes, headers }: RequestBody & { url: string },
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-wrk-'));
  try {
    const bodyFile = path.join(folder, 'body');
    const script = path.join(folder, 'load.lua');
    writeFileSync(bodyFile, bytes);
    writeFileSync(script, wrkScript(bodyFile, headers));
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', script, url];
    const { code, stdout, stderr } = await runProgram({ program: 'wrk', args });
    const match = /^onda (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(stdout);
    if (code !== 0 || match === null)
      throw new ResultError(
        `wrk: expected it to measure, it did not: ${lastLine(stdout, stderr)}; see wrk --help`,
      );
    const [requests, microseconds, p50, p99, failures] = match.slice(1).map(Number);
    return { rate: (requests / microseconds) * 1e6, p50: p50 / 1000, p99: p99 / 1000, failures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints a line `onda`: requests, microseconds of the run and of p50 and p99, failures. */
function wrkScript(bodyFile: string, headers: RequestBody['headers']): string {
  return [
    'wrk.method = "POST"',
    `local file = io.open(${JSON.stringify(bodyFile)}, "rb")`,
    'wrk.body = file:read("*a")',
    'file:close()',
    ...Object.entries(headers).map(
      ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
    ),
    'function done(summary, latency)',
    '  local errors = summary.errors',
    '  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout',
    '  io.write(string.format("onda %d %d %d %d %d\\n", summary.requests, summary.duration,',
    '    latency:percentile(50), latency:percentile(99), failed))',
    'end',
    '',
  ].join('\n');
}

/**
 * Runs h2load and reads its log: one line per answer with the microseconds since 1970 when the request was sent, the HTTP status, and the
 * microseconds it took. The log is removed afterwards.
 *
 * @param schedule arguments for connections and rate
 */
async function runH2load<Result>(
  { url, bytes, headers }: RequestBody & { url: string },
  schedule: readonly string[],
  read: (logFile: string) => Result | Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(path.join(logFolder(), 'onda-h2load-'));
  try {
    const bodyFile = path.join(folder, 'body');
    const logFile = path.join(folder, 'log');
    writeFileSync(bodyFile, bytes);
    const { code, stdout, stderr } = await runProgram({
      program: 'h2load',
      args: [
        '-t1',
        ...schedule,
        ...[`--data=${bodyFile}`, `--log-file=${logFile}`],
        ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
        url,
      ],
    });
    if (code === 0) return await read(logFile);
    throw new ResultError(
      `h2load: expected exit code 0, got ${code}: ${lastLine(stdout, stderr)}; see h2load --help`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes of a log of ten minutes at 30,000 requests per second, four times. */
const LOG_BYTES = 2 ** 31;

/** h2load writes its log between requests: on a slow disk they would all be late, so the log goes to memory where there is room. */
function logFolder(): string {
  const memory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= LOG_BYTES ? memory : tmpdir();
  } catch {
    // Not Linux, or a container without it.
    return tmpdir();
  }
}

/** Requests at a fixed rate, independent of their answers. */
export interface RateLoad {
  form: Form;
  /** One request at a time on a connection over HTTP/1.1, 32 calls over gRPC. */
  connections: number;
  /** Requests per second over all connections. */
  rate: number;
  seconds: number;
  /** Whether a request's time starts when it was due (when left out) or when it was sent. */
  from?: 'due' | 'sent';
  /** More than can be answered: ends after its time instead of with its last answer. */
  flood?: boolean;
  /** Called when the load generator has ended; the log is read after its promise, because reading uses a core. */
  ended?: () => Promise<unknown>;
}

/** Concurrent calls of a gRPC connection. */
const GRPC_CALLS = 32;

/** Sends requests at a fixed rate by h2load, which keeps a schedule per connection. */
export function runRateLoad(server: Server, load: RateLoad): Promise<TimedAnswers> {
  const { form, connections, rate, seconds, from = 'due', flood = false, ended } = load;
  const request = form === 'grpc' ? grpcCall(server) : httpRequest(server, form);
  const protocol = form === 'grpc' ? [`-m${GRPC_CALLS}`] : ['--h1', '-m1'];
  const schedule = flood
    ? [`-c${connections}`, `-D${seconds}`, `--rps=${rate / connections}`]
    : staggered(connections, rate, seconds);
  return runH2load(request, [...protocol, ...schedule], async (logFile) => {
    await ended?.();
    return readLog(logFile, from === 'sent' ? null : rate);
  });
}

/** Starts the connections one after the other over the interval of one: started together, all would always send at the same time. */
function staggered(connections: number, rate: number, seconds: number): string[] {
  const each = rate / connections;
  const intervalMs = Math.max(1, 1000 / each);
  const together = Math.max(1, Math.ceil(connections / intervalMs));
  const periodMs = Math.max(1, Math.floor((intervalMs / connections) * together));
  return [
    ...[`-c${connections}`, `-n${Math.round(rate * seconds)}`, `--rps=${each}`],
    ...[`-r${together}`, `--rate-period=${periodMs}ms`],
  ];
}

async function readLog(file: string, rate: number | null): Promise<TimedAnswers> {
  const sent: number[] = [];
  const took: number[] = [];
  const statuses: number[] = [];
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const [at, status, microseconds] = line.split('\t').map(Number);
    sent.push(at / 1000);
    took.push(microseconds / 1000);
    // -1: no answer.
    statuses.push(Math.max(0, status));
  }
  return bySchedule(sent, took, statuses, rate);
}
