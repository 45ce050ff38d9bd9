import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ResultError } from '@onda/contract';
import { runProgram } from '../peers/runProgram.ts';
import { frameOf } from './grpcFrames.ts';
import { inferenceService } from './requests.ts';

/** A request as h2load sends it again and again. */
export interface H2loadRequest {
  url: string;
  bytes: Buffer;
  headers: Readonly<Record<string, string>>;
}

/**
 * `ModelInfer`: to HTTP/2 a unary call of gRPC is a POST.
 *
 * @param address of gRPC
 * @param message of protobuf
 */
export function inferCall(address: string, message: Buffer): H2loadRequest {
  return {
    url: `http://${address}${inferenceService()['ModelInfer'].path}`,
    bytes: frameOf(message),
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
  };
}

/**
 * Runs h2load of nghttp2, and reads what it wrote down of each answer.
 *
 * @param schedule arguments that say how often to ask, and over what
 * @param read     gets its log, which is gone afterwards: a line an answer, microseconds since 1970 when the request was sent, the
 *                 status of HTTP, and the microseconds that it took
 * @throws ResultError when h2load does not run
 */
export async function readH2load<Result>(
  { url, bytes, headers }: H2loadRequest,
  schedule: readonly string[],
  read: (logFile: string) => Result | Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(path.join(logPlace(), 'onda-h2load-'));
  try {
    const bodyFile = path.join(folder, 'body');
    const logFile = path.join(folder, 'log');
    writeFileSync(bodyFile, bytes);
    const { code, stdout, stderr } = await runProgram('h2load', [
      '-t1',
      ...schedule,
      ...[`--data=${bodyFile}`, `--log-file=${logFile}`],
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      url,
    ]);
    if (code === 0) return await read(logFile);
    throw new ResultError(
      `h2load did not run: ${(stderr || stdout).trim().split('\n')[0]}; see h2load --help`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Linux's files in memory, and the bytes that are to be free there: ten minutes at 30,000 requests a second write half a gigabyte. */
const shared = { folder: '/dev/shm', bytes: 2 ** 31 };

/**
 * h2load writes its log between requests: while a disk is behind with writing, it would ask nothing, and all its requests would be late.
 */
function logPlace(): string {
  try {
    const { bavail, bsize } = statfsSync(shared.folder);
    return bavail * bsize >= shared.bytes ? shared.folder : tmpdir();
  } catch {
    // No Linux, or a container without it.
    return tmpdir();
  }
}
