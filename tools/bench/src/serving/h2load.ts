import { readFileSync } from 'node:fs';
import { ResultError } from '@onda/contract';
import { inferCall, readH2load } from './h2loadLog.ts';
import { percentile } from './loadResult.ts';
import type { LoadResult } from './loadResult.ts';

/**
 * Calls `ModelInfer` as often as it is answered, by h2load of nghttp2. It looks at the HTTP status alone, so the answer is checked before
 * (checkAnswers.ts).
 *
 * @param message of protobuf
 * @throws ResultError when h2load does not run
 */
export function runH2load(
  address: string,
  message: Buffer,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const schedule = [`-c${connections}`, '-m1', `-D${seconds}`];
  return readH2load(inferCall(address, message), schedule, (logFile) =>
    resultOf(readFileSync(logFile, 'utf8'), seconds),
  );
}

function resultOf(log: string, seconds: number): LoadResult {
  const times: number[] = [];
  let failures = 0;
  for (const line of log.split('\n')) {
    const [, status, microseconds] = line.split('\t');
    if (status === '200') times.push(Number(microseconds) / 1000);
    else if (line !== '') failures++;
  }
  if (times.length === 0) throw new ResultError('h2load got no answer; see whether the server serves gRPC');
  times.sort((a, b) => a - b);
  return {
    rate: times.length / seconds,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    failures,
  };
}
