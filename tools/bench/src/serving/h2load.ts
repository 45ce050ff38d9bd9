import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ResultError } from '@onda/contract';
import { runProgram } from '../peers/runProgram.ts';
import { frameOf } from './grpcFrames.ts';
import { percentile } from './loadResult.ts';
import type { LoadResult } from './loadResult.ts';

/**
 * Calls `ModelInfer` as often as it is answered, by h2load of nghttp2: to HTTP/2 a unary call of gRPC is a POST. It looks at the HTTP
 * status alone, so the answer is checked before (checkAnswers.ts).
 *
 * @param message of protobuf
 * @throws ResultError when h2load does not run
 */
export async function runH2load(
  address: string,
  message: Buffer,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-h2load-'));
  try {
    const bodyFile = path.join(folder, 'body');
    const logFile = path.join(folder, 'log');
    writeFileSync(bodyFile, frameOf(message));
    const { code, stdout, stderr } = await runProgram('h2load', [
      ...['-t1', `-c${connections}`, '-m1', `-D${seconds}`, `--data=${bodyFile}`, `--log-file=${logFile}`],
      ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
      `http://${address}/inference.GRPCInferenceService/ModelInfer`,
    ]);
    if (code !== 0) {
      throw new ResultError(
        `h2load did not run: ${(stderr || stdout).trim().split('\n')[0]}; see h2load --help`,
      );
    }
    return readLog(readFileSync(logFile, 'utf8'), seconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A line an answer: when it began, its status, and its microseconds. */
function readLog(log: string, seconds: number): LoadResult {
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
