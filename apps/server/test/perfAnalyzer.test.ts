import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MissingError } from '@onda/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJson } from './support/requests.ts';
import { exampleModels, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

// Triton's load generator, unmodified, from the wheels that npm test installs together with Triton.
const python = process.env['ONDA_TRITON_PYTHON'];
if (!python && process.env['CI'] === 'true') {
  throw new MissingError(
    'ONDA_TRITON_PYTHON: expected a Python with tritonclient and nvidia-pytriton, found none; run npm test, which sets it up',
  );
}

const run = promisify(execFile);
const stateless = fileURLToPath(new URL('../../../deploy/kserve/stateless.pbtxt', import.meta.url));

const REQUESTS = 200;
const STEPS = 5;

let folder: string;
let service: ServiceProcess;

describe.runIf(python)('perf_analyzer', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onda-perf-'));
    await layOutLibraries(join(folder, 'libraries'));
    // The example twice: as the export wrote it, whose state the service keeps, and with its state as a tensor like any other.
    await cp(exampleModels, join(folder, 'models'), { recursive: true });
    await putStateless(join(folder, 'models', 'plain'));
    // It reads no whole numbers as float32.
    const steps = Array.from({ length: STEPS }, (_, step) => ({
      x: { content: [step + 0.5], shape: [1, 1] },
    }));
    await writeFile(join(folder, 'steps.json'), JSON.stringify({ data: [steps] }));
    service = await startService(join(folder, 'models'), ['--grpc-port', '0', '--metrics-port', '0']);
  });
  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  it.each(['http', 'grpc'] as const)('measures requests over %s', async (transport) => {
    const before = await counts('plain');
    const printed = await analyze('plain', transport, ['--shape', 'x:1,1']);
    expect(printed).toContain(`Request count: ${REQUESTS}\n`);
    const after = await counts('plain');
    expect(after.success - before.success).toBeGreaterThanOrEqual(REQUESTS);
    expect(after.fail).toBe(0);
  });

  it.each([
    ['http', []],
    ['grpc', []],
    ['grpc', ['--streaming']],
  ] as const)('steps sequences over %s %j', async (transport, how) => {
    const before = await counts('lagged-sine');
    const printed = await analyze('lagged-sine', transport, [
      ...how,
      ...['--input-data', join(folder, 'steps.json'), '--sequence-id-range', '1:1000000'],
    ]);
    expect(printed).toContain(`Sequence count: ${REQUESTS / STEPS} `);
    const after = await counts('lagged-sine');
    expect(after.success - before.success).toBeGreaterThanOrEqual(REQUESTS);
    expect(after.fail).toBe(0);
    // What it began it has ended.
    expect(await liveSequences()).toBe(0);
  });
});

/** Runs it to its end: how fast the service is here is not looked at, so that any spread of its times will do. */
async function analyze(model: string, transport: 'http' | 'grpc', more: readonly string[]): Promise<string> {
  const address = transport === 'http' ? new URL(service.url).host : String(service.ready.grpc);
  const program = join(dirname(String(python)), 'site', 'bin', 'perf_analyzer');
  const { stdout } = await run(
    program,
    [
      ...['-m', model, '-u', address, '-i', transport, '--concurrency-range', '4'],
      ...['--request-count', String(REQUESTS), '--stability-percentage', '999', ...more],
    ],
    { env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'libraries') }, timeout: 60_000 },
  );
  return stdout;
}

/** The two that a system without CUDA has not, under the names that the program asks for; a wheel keeps its own with a hash. */
async function layOutLibraries(into: string): Promise<void> {
  const from = join(dirname(String(python)), 'site', 'nvidia_pytriton.libs');
  const names = await readdir(from);
  await mkdir(into);
  for (const name of ['libb64.so.0d', 'libcudart.so.12']) {
    const [stem, rest] = name.split('.so');
    const found = names.find((one) => one.startsWith(`${stem}-`) && one.includes(`.so${rest}`));
    if (found === undefined)
      throw new Error(`${from}: expected ${name} in nvidia-pytriton's wheel, found none`);
    await symlink(join(from, found), join(into, name));
  }
}

async function putStateless(into: string): Promise<void> {
  await cp(join(exampleModels, 'lagged-sine'), into, { recursive: true });
  const renamed = (text: string): string => text.replaceAll('"lagged-sine"', '"plain"');
  await writeFile(join(into, 'config.pbtxt'), renamed(await readFile(stateless, 'utf8')));
  const manifest = join(into, '1', 'onda.json');
  await writeFile(manifest, renamed(await readFile(manifest, 'utf8')));
}

interface Statistics {
  model_stats: { inference_stats: Record<'success' | 'fail', { count: number }> }[];
}

async function counts(model: string): Promise<{ success: number; fail: number }> {
  const { body } = await getJson<Statistics>(`${service.url}/v2/models/${model}/stats`);
  const { success, fail } = body.model_stats[0].inference_stats;
  return { success: success.count, fail: fail.count };
}

async function liveSequences(): Promise<number> {
  const text = await (await fetch(`${service.ready.metrics ?? ''}/metrics`)).text();
  return Number(/^onda_sequences_live\{model="lagged-sine",version="1"\} (\d+)$/m.exec(text)?.[1]);
}
