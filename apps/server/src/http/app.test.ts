import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { floatTensor } from '@onda/runtime';
import type { RuntimeTensor } from '@onda/runtime';
import { WorkerError } from '@onda/runtime-node';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelRepository } from '@onda/serving';
import type { ServedModel } from '@onda/serving';
import { servingOf, simpleModel } from '@onda/serving/testing';
import { createApp } from './app.ts';
import type { AppOptions } from './app.ts';
import { Access } from '../access/access.ts';
import { Health } from '../health.ts';
import { timeouts } from '../limits.ts';
import { createLog } from '../telemetry/log.ts';

// Here a session is a function, to have the failures that a real one does not give on request; test/ has the real service.
const tensors = {
  inputs: [{ name: 'x', type: 'float32' as const, shape: ['batch', 'time', 1] }],
  outputs: [{ name: 'y', type: 'float32' as const, shape: ['batch', 'time', 1] }],
};
const INFER = '/v2/models/m/infer';
const body = JSON.stringify({ inputs: [{ name: 'x', shape: [1, 1, 1], datatype: 'FP32', data: [2] }] });

const MOST_WAITING = 2;

let run: () => Promise<Record<string, RuntimeTensor>>;
let stalledMs: number;
let alive: boolean;
let defects: string[];
let health: Health;
let repository: ModelRepository;
let overloaded: () => boolean;
let app: FastifyInstance;
let page: string;

function fakeModel(): ServedModel {
  const session = {
    ...tensors,
    provider: 'fake',
    run: () => run(),
    release: () => Promise.resolve(),
  };
  const batching = { maxRows: 8, maxValues: 8, delayUs: 0, maxWaiting: MOST_WAITING };
  return simpleModel(session, batching, { manifest: { net: {}, state: {} } as ServedModel['manifest'] });
}

beforeEach(async () => {
  run = () => Promise.resolve({ y: floatTensor([1, 1, 1], [4]) });
  stalledMs = 0;
  alive = true;
  defects = [];
  repository = new ModelRepository([fakeModel()], []);
  health = new Health({
    get alive() {
      return alive;
    },
    get stalledMs() {
      return stalledMs;
    },
  });
  page = await mkdtemp(join(tmpdir(), 'onda-page-'));
  const { http, shedding } = await createApp(parts());
  app = http;
  overloaded = () => shedding.isOverloaded('m', undefined);
});
afterEach(async () => {
  await app.close();
  await rm(page, { recursive: true });
});

function parts(): AppOptions {
  return {
    serving: servingOf(repository),
    access: new Access(undefined),
    health,
    log: createLog({ format: 'text', level: 'error' }, (text) => defects.push(text)),
    page,
  };
}

function blockEventLoop(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

async function infer(): Promise<{ status: number; error: string; retryAfter: unknown }> {
  const response = await app.inject({ method: 'POST', url: INFER, payload: body });
  const { error } = response.json<{ error: string }>();
  return { status: response.statusCode, error, retryAfter: response.headers['retry-after'] };
}

describe(createApp, () => {
  it('answers, so that what follows is about the failures', async () => {
    const response = await app.inject({ method: 'POST', url: INFER, payload: body });
    expect(response.json()).toEqual({
      model_name: 'm',
      model_version: '1',
      outputs: [{ name: 'y', shape: [1, 1, 1], datatype: 'FP32', data: [4] }],
    });
  });

  it('answers 422 when the model gives what JSON cannot carry', async () => {
    run = () => Promise.resolve({ y: floatTensor([1, 1, 1], [NaN]) });
    expect(await infer()).toMatchObject({
      status: 422,
      error:
        'output "y": the model returned NaN at position 0, which JSON cannot represent; check the magnitude of the inputs, or request binary data',
    });
  });

  it('answers 503 before it reads the body while the event loop is late, and 200 soon after', async () => {
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    // Several pauses of 200 ms, with a turn of the event loop between them, and for longer than one sample.
    const end = performance.now() + 5000;
    while (!overloaded() && performance.now() < end) {
      blockEventLoop(200);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await infer()).toEqual({
      status: 503,
      error: 'the service is overloaded; retry after 1 s',
      retryAfter: '1',
    });
    expect(repository.find('m', undefined).stats.failures.REJECTED).toBe(1);
    const health = await app.inject({ url: '/v2/health/live' });
    expect(health.statusCode).toBe(200);
    await expect.poll(overloaded).toBe(false);
    expect((await fetch(`${url}${INFER}`, { method: 'POST', body })).status).toBe(200);
  });

  it('releases the bytes of pipelined requests whose connection closes before their turn', async () => {
    const access = new Access(undefined);
    const { http } = await createApp({ ...parts(), access });
    run = () => new Promise(() => undefined);
    await http.listen({ host: '127.0.0.1', port: 0 });
    const { port } = http.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const large = body + ' '.repeat(20_000);
    const request = `POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${large.length}\r\n\r\n${large}`;
    socket.write(request.repeat(20));
    // Only the first one is handled.
    await expect.poll(() => access.bytes.reserved).toBe(large.length);
    socket.destroy();
    await expect.poll(() => access.bytes.reserved).toBe(0);
    await http.close();
  });

  it('answers 503 with a time to come back when the worker ended', async () => {
    run = () => Promise.reject(new WorkerError('the inference worker ended (x) before it answered'));
    expect(await infer()).toEqual({
      status: 503,
      error: 'the inference worker ended (x) before it answered',
      retryAfter: '1',
    });
  });

  it('answers 503 when too many wait', async () => {
    let answerFirst = (): void => undefined;
    const first = new Promise<void>((resolve) => (answerFirst = resolve));
    run = () => first.then(() => ({ y: floatTensor([1, 1, 1], [4]) }));
    // Two are running, then the queue is full; each arrives in a separate tick.
    const accepted: Promise<number>[] = [];
    for (let request = 0; request < 2 + MOST_WAITING; request++) {
      accepted.push(infer().then(({ status }) => status));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await infer()).toEqual({
      status: 503,
      error: '2 requests wait already, and the queue is full; try again in a moment',
      retryAfter: '1',
    });
    run = () => Promise.resolve({ y: floatTensor([2, 1, 1], [4, 5]) });
    answerFirst();
    expect(await Promise.all(accepted)).toEqual([200, 200, 200, 200]);
  });

  it('keeps a defect of its own to its log', async () => {
    run = () => Promise.reject(new TypeError('cannot read secret of undefined'));
    expect(await infer()).toMatchObject({
      status: 500,
      error: 'internal error; the log of the service has the details',
    });
    expect(defects).toHaveLength(1);
    expect(defects[0]).toContain('TypeError: cannot read secret of undefined\n');
  });

  it('refuses to generate with a model that cannot', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/v2/models/m/generate',
      payload: '{"prompt":[1],"samples":1}',
    });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({
      error:
        'model "m" has no generator: its outputs are not its inputs, or it was exported without one; use infer',
    });
  });

  it('is live but not ready while it stops, and neither without its worker', async () => {
    const status = async (url: string): Promise<number> => (await app.inject(url)).statusCode;
    health.draining = true;
    expect(await status('/v2/health/live')).toBe(200);
    expect(await status('/v2/health/ready')).toBe(503);
    expect(await status('/v2/models/m/ready')).toBe(503);
    health.draining = false;
    alive = false;
    expect(await status('/v2/health/live')).toBe(503);
    expect(await status('/v2/health/ready')).toBe(503);
  });

  it('is not ready while its worker hangs, and not live once it has hung for long', async () => {
    const statuses = async (): Promise<number[]> => [
      (await app.inject('/v2/health/live')).statusCode,
      (await app.inject('/v2/health/ready')).statusCode,
    ];
    stalledMs = timeouts.notReadyMs - 1;
    expect(await statuses()).toEqual([200, 200]);
    stalledMs = timeouts.notReadyMs;
    expect(await statuses()).toEqual([200, 503]);
    stalledMs = timeouts.notLiveMs;
    expect(await statuses()).toEqual([503, 503]);
  });
});

describe('the page', () => {
  it('says how to build it while it is not built', async () => {
    const response = await app.inject('/');
    expect(response.statusCode).toBe(200);
    expect(response.body).toContain('npx nx run web:build');
  });

  it('is served when it is built, its own files and nothing else of the folder', async () => {
    await writeFile(join(page, 'index.html'), '<p>built</p>');
    await writeFile(join(page, 'lib.tsbuildinfo'), '{}');
    await mkdir(join(page, 'assets'));
    await writeFile(join(page, 'assets', 'a.js'), 'built');
    await mkdir(join(page, 'models'));
    await writeFile(join(page, 'models', 'index.json'), '"of a page without a service"');
    const { http: built } = await createApp(parts());
    const index = await built.inject('/');
    expect(index.body).toBe('<p>built</p>');
    expect(index.headers['content-security-policy']).toContain("script-src 'self'");
    expect((await built.inject('/assets/a.js')).body).toBe('built');
    expect((await built.inject('/lib.tsbuildinfo')).statusCode).toBe(404);
    expect((await built.inject('/assets/../../package.json')).statusCode).toBe(404);
    expect((await built.inject('/models/index.json')).json()).toMatchObject({ models: [{ name: 'm' }] });
    await built.close();
  });
});
