import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { floatTensor, SequenceModel } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { isNetManifest, MissingError } from '@onda/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleModels, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

// Third-party clients from PyPI: npm test sets them up.
const python = process.env['ONDA_CLIENTS_PYTHON'];
if (!python && process.env['CI'] === 'true') {
  throw new MissingError(
    'ONDA_CLIENTS_PYTHON: expected a Python with tritonclient and schemathesis, found none; run npm test, which sets it up',
  );
}

const run = promisify(execFile);

/** Steps one by one against all at once, and joined against alone: another order of float32 sums, 2.4e-7 measured. */
const ATOL = 1e-6;

let service: ServiceProcess;

describe.runIf(python)('clients of others', () => {
  beforeAll(async () => {
    service = await startService(exampleModels, [...['--grpc-port', '0', '--admin-port', '0']]);
  });
  afterAll(async () => {
    await service.stop();
  });

  it("get the model's values over HTTP in JSON and in binary and over gRPC: tritonclient", async () => {
    const script = fileURLToPath(new URL('clients/triton_clients.py', import.meta.url));
    const address = new URL(service.url).host;
    const { stdout } = await run(String(python), [script, address, String(service.ready.grpc)]);
    const ways = JSON.parse(stdout) as Record<'json' | 'binary' | 'grpc', Found>;
    const { y, state } = await modelValues();
    for (const way of [ways.json, ways.binary, ways.grpc]) {
      expect(way).toMatchObject({
        live: true,
        ready: true,
        server: 'onda',
        config: 'lagged-sine',
        counted: 8,
      });
      expectClose(way.y, y);
      expectClose(way.state, state);
      expectClose(way.steps, y);
      expectClose(
        way.together,
        Array.from({ length: 8 }, () => y[y.length - 1]),
      );
      expect(way.metadata).toEqual(ways.json.metadata);
      expect(way.errors).toEqual([
        'model "nope": the service has no such model; GET /v2/models lists the models',
        'input "state_in" is missing; send x and state_in',
        expect.stringMatching(/^sequence "100[123]" has ended; start it again$/),
      ]);
    }
    expectClose(ways.grpc.stream ?? [], y);
    // Bodies of gzip and deflate.
    for (const way of [ways.json, ways.binary]) {
      expectClose(
        way.packed ?? [],
        [0, 1].map(() => y[y.length - 1]),
      );
    }
  });

  it.each(['http', 'grpc'] as const)('load and unload models by %s: tritonclient', async (way) => {
    const script = fileURLToPath(new URL('clients/admin_client.py', import.meta.url));
    const { admin, adminGrpc } = service.ready;
    const address = way === 'grpc' ? String(adminGrpc) : new URL(String(admin)).host;
    const { stdout } = await run(String(python), [script, way, address, new URL(service.url).host]);
    expect(JSON.parse(stdout)).toEqual([
      ['READY'],
      ['', false],
      ['READY', true],
      'model "nope": the repository has no such folder; add the model first',
      'parameters: expected none, since a model is loaded from its folder; put files and configuration there',
    ]);
  });

  it.each([['http'], ['admin']] as const)(
    'find no server error and no answer that the OpenAPI document of %s does not have: schemathesis',
    async (port) => {
      const stdout = await schemathesis(String(service.ready[port]));
      expect(stdout).toMatch(/(\d+) generated, \1 passed/);
      expect(stdout).toMatch(/Selected: (\d+)\/\1\n/);
      expect(service.stderr()).not.toContain('    at ');
    },
    120_000,
  );
});

/** What it prints of the document and the service at an address. */
async function schemathesis(url: string): Promise<string> {
  const checks = [
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_schema_conformance',
  ];
  const args = ['-m', 'schemathesis.cli', 'run', `${url}/openapi.json`, '--seed', '1'];
  // It leaves its notes in the folder where it runs.
  const cwd = await mkdtemp(join(tmpdir(), 'onda-clients-'));
  const { stdout } = await run(
    String(python),
    [
      ...args,
      ...['--phases', 'examples,fuzzing', '--max-examples', '4', '--generation-database', 'none'],
      ...['--checks', checks.join(','), '--no-color'],
    ],
    { cwd },
  )
    .catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout, { cause: error });
    })
    .finally(() => rm(cwd, { recursive: true }));
  return stdout;
}

interface Found {
  y: number[];
  state: number[];
  steps: number[];
  together: number[];
  stream?: number[];
  packed?: number[];
  metadata: object;
  errors: string[];
}

function expectClose(actual: readonly number[], expected: ArrayLike<number>): void {
  expect(actual).toHaveLength(expected.length);
  const differences = actual.map((value, index) => Math.abs(value - expected[index]));
  expect(Math.max(...differences)).toBeLessThanOrEqual(ATOL);
}

/** Of the script's samples, by the model itself. */
async function modelValues(): Promise<{ y: Float32Array; state: Float32Array }> {
  const { manifest, files } = await readModelFolder(join(exampleModels, 'lagged-sine'));
  if (!isNetManifest(manifest)) throw new Error('the example model is an Onda net');
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const session = await runtime.createSession(files.get('model.onnx')?.bytes ?? new Uint8Array(0));
  const model = new SequenceModel(session, manifest);
  const x = Float32Array.from({ length: 6 }, (_, sample) => Math.sin(Math.fround(sample * Math.fround(0.3))));
  const result = await model.step(floatTensor([1, 6, 1], x));
  return { y: result.y.data, state: result.state.data };
}
