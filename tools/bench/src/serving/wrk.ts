import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ResultError } from '@onda/contract';
import { runProgram } from '../peers/runProgram.ts';
import type { LoadResult } from './loadResult.ts';
import type { RequestBody } from './requests.ts';

/**
 * Asks one address as often as it answers, by wrk: one thread, so that the servers keep a core and a half of two.
 *
 * @throws ResultError when wrk does not run
 */
export async function runWrk(
  url: string,
  body: RequestBody,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-wrk-'));
  try {
    const bodyFile = path.join(folder, 'body');
    const script = path.join(folder, 'load.lua');
    writeFileSync(bodyFile, body.bytes);
    writeFileSync(script, scriptOf(bodyFile, body.headers));
    const { code, stdout, stderr } = await runProgram('wrk', [
      ...['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', script, url],
    ]);
    const result = maybeResult(stdout);
    if (code === 0 && result) return result;
    throw new ResultError(`wrk did not run: ${(stderr || stdout).trim().split('\n')[0]}; see wrk --help`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function scriptOf(bodyFile: string, headers: RequestBody['headers']): string {
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

/** The line that the script prints: requests, microseconds of the run and of the percentiles, failures. */
function maybeResult(stdout: string): LoadResult | undefined {
  const match = /^onda (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(stdout);
  if (match === null) return undefined;
  const [requests, duration, p50, p99, failures] = match.slice(1).map(Number);
  return { rate: (requests / duration) * 1e6, p50: p50 / 1000, p99: p99 / 1000, failures };
}
