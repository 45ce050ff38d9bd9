import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GrpcClient, grpcRequest, healthService } from './support/grpcClient.ts';
import type { InferAnswer } from './support/grpcClient.ts';
import { RawSocket } from './support/rawSocket.ts';
import { post } from './support/requests.ts';
import { runCommand, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const INFER = '/v2/models/lagged-sine/infer';

let folder: string;
let service: ServiceProcess;
let grpc: GrpcClient;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-access-'));
  const lines: string[] = [];
  for (const name of ['anna', 'ben']) {
    const { stdout, stderr } = await runCommand(['token', name]);
    lines.push(stdout);
    tokens[name] = /: (\S+)\n$/.exec(stderr)?.[1] ?? '';
  }
  await writeFile(join(folder, 'tokens'), lines.join(''));
  service = await startService(undefined, [
    ...['--grpc-port', '0', '--tokens', join(folder, 'tokens')],
    ...['--client-concurrent', '2', '--max-sequences', '4', '--cors-origins', 'https://example.org'],
  ]);
  grpc = new GrpcClient(service.ready.grpc ?? '');
});
afterAll(async () => {
  grpc.close();
  await service.stop();
  await rm(folder, { recursive: true });
});

const authorization = (name: string): { authorization: string } => ({
  authorization: `Bearer ${tokens[name]}`,
});

function step(parameters: object): object {
  return { parameters, inputs: [{ name: 'x', shape: [1, 1, 1], datatype: 'FP32', data: [0.5] }] };
}

function metadata(name: string): Metadata {
  const made = new Metadata();
  made.set('authorization', `Bearer ${tokens[name]}`);
  return made;
}

describe('--tokens', () => {
  it('requires a token for every route but health checks and the page, however the path is spelled', async () => {
    for (const path of [
      '/v2',
      '/v2/models',
      '/%762/models',
      '/v2/models/lagged-sine/ready',
      '/v2/health/ready?a=1',
      '/v2/health/ready/',
      '//v2/models',
      '/models/index.json',
      '/nowhere',
    ]) {
      const response = await fetch(service.url + path);
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="onda"');
      expect(await response.json()).toEqual({
        error: 'expected "Authorization: Bearer TOKEN", got none; send the token',
      });
    }
    for (const path of ['/', '/v2/health/live', '/v2/health/ready']) {
      expect((await fetch(service.url + path)).status).toBe(200);
    }
    expect((await fetch(`${service.url}/`, { method: 'POST' })).status).toBe(401);
    expect((await fetch(`${service.url}/v2`, { headers: authorization('anna') })).status).toBe(200);
  });

  it('does not read the body of a request without a token', async () => {
    const socket = new RawSocket(service.port);
    socket.send(`POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n`);
    const answer = await socket.received('send the token');
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    socket.destroy();
  });

  it('gives each client sequences of its own, over HTTP and gRPC alike', async () => {
    const start = { sequence_id: 'shared', sequence_start: true };
    const first = await post<{ parameters: object }>(service.url + INFER, step(start), {
      headers: authorization('anna'),
    });
    expect([first.status, first.body.parameters]).toEqual([
      200,
      expect.objectContaining({ sequence_id: 'shared', sequence_step: 1 }),
    ]);
    const other = await post(service.url + INFER, step({ sequence_id: 'shared' }), {
      headers: authorization('ben'),
    });
    expect(other).toMatchObject({
      status: 404,
      body: { error: 'sequence "shared": the sequence does not exist; start it with sequence_start' },
    });
    const message = grpcRequest([0.5], { parameters: { sequence_id: { string_param: 'shared' } } });
    const next = await grpc.call<InferAnswer>('ModelInfer', message, metadata('anna'));
    expect(next.parameters).toMatchObject({
      sequence_id: { string_param: 'shared' },
      sequence_step: { int64_param: '2' },
    });
    await expect(grpc.call('ModelInfer', message, metadata('ben'))).rejects.toMatchObject({ code: 5 });
  });

  it('requires a token for gRPC calls except health checks', async () => {
    await expect(grpc.call('ModelInfer', grpcRequest([0]))).rejects.toMatchObject({
      code: 16,
      details: 'expected "Authorization: Bearer TOKEN", got none; send the token',
    });
    expect(await grpc.call('ServerReady', {})).toEqual({ ready: true });
    const health = new GrpcClient(service.ready.grpc ?? '', healthService);
    expect(await health.call('Check', {})).toEqual({ status: 'SERVING' });
    health.close();
    const stream = grpc.stream();
    const failed = new Promise((resolve) => stream.once('error', resolve));
    stream.write(grpcRequest([0]));
    expect(await failed).toMatchObject({ code: 16 });
  });

  it('is not warned about: it authenticates clients', () => {
    expect(service.stderr()).not.toContain('without authentication');
  });

  it('writes no token to its output', () => {
    for (const token of Object.values(tokens)) expect(service.stderr()).not.toContain(token);
  });
});

describe('a Host header after DNS rebinding', () => {
  it('is rejected, unless clients send tokens', async () => {
    const open = await startService();
    const ask = (host: string, more: object = {}, port = open.port): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const call = request({ port, path: '/v2', headers: { host }, ...more }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        call.once('error', reject).end();
      });
    const name = `rebound.example:${open.port}`;
    expect(await ask(name)).toBe(403);
    // A page of that name posts with its own host as origin.
    const headers = { host: name, origin: `http://${name}` };
    expect(await ask(name, { method: 'POST', path: INFER, headers })).toBe(403);
    expect(await ask(`localhost:${open.port}`)).toBe(200);
    expect(await ask(name, {}, service.port)).toBe(401);
    await open.stop();
  });
});

describe('--log-level debug', () => {
  it('logs the client of each request and call, and no token', async () => {
    const logged = await startService(undefined, [
      ...['--grpc-port', '0', '--tokens', join(folder, 'tokens'), '--log-level', 'debug'],
    ]);
    await fetch(`${logged.url}/v2`, { headers: authorization('anna') });
    const client = new GrpcClient(logged.ready.grpc ?? '');
    await client.call('ModelInfer', grpcRequest([0]), metadata('ben')).catch(() => undefined);
    client.close();
    await vi.waitFor(() => {
      expect(logged.stderr()).toMatch(/http request method=GET path=\/v2 status=200 .*client=anna/);
      expect(logged.stderr()).toMatch(/grpc call path=\/inference\.\S+ModelInfer status=\S+ .*client=ben/);
    });
    await logged.stop();
    for (const token of Object.values(tokens)) expect(logged.stderr()).not.toContain(token);
  });
});

describe('--client-concurrent', () => {
  it('rejects a third concurrent request, and accepts it when one has completed', async () => {
    const headers = authorization('anna');
    // Two whose bodies do not come yet.
    const waiting = [1, 2].map(() => {
      const socket = new RawSocket(service.port);
      const head = `POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${headers.authorization}\r\n`;
      socket.send(`${head}Content-Length: 2\r\n\r\n`);
      return socket;
    });
    await vi.waitFor(async () => {
      const third = await fetch(`${service.url}/v2`, { headers });
      expect(third.status).toBe(429);
      expect(third.headers.get('retry-after')).toBe('1');
      expect(await third.json()).toEqual({
        error: 'expected at most 2 concurrent requests of one client, got one more; wait for a response',
      });
    });
    const refused = (await grpc
      .call('ModelInfer', grpcRequest([0]), metadata('anna'))
      .catch((error: unknown) => error)) as ServiceError;
    expect([refused.code, refused.metadata.get('retry-after')]).toEqual([8, ['1']]);
    expect((await fetch(`${service.url}/v2`, { headers: authorization('ben') })).status).toBe(200);
    waiting[0].send('{}');
    await waiting[0].received('HTTP/1.1 400');
    expect((await fetch(`${service.url}/v2`, { headers })).status).toBe(200);
    // One that is cut off is over too.
    waiting[1].destroy();
    await vi.waitFor(async () => {
      const both = await Promise.all([1, 2].map(() => fetch(`${service.url}/v2/models`, { headers })));
      expect(both.map((answer) => answer.status)).toEqual([200, 200]);
    });
  });
});

describe('--max-sequences', () => {
  it('leaves half of the sequences to the other clients, over both transports', async () => {
    const begin = (name: string, id: string): ReturnType<typeof post> =>
      post(service.url + INFER, step({ sequence_id: id, sequence_start: true }), {
        headers: authorization(name),
      });
    expect((await begin('ben', 'one')).status).toBe(200);
    expect((await begin('ben', 'two')).status).toBe(200);
    const third = await begin('ben', 'three');
    expect(third).toMatchObject({
      status: 429,
      body: {
        error:
          '2 sequences of this client are live already, which is its limit; end one, or try again in a moment',
      },
    });
    expect(third.headers.get('retry-after')).toBe('1');
    const parameters = { sequence_id: { string_param: 'three' }, sequence_start: { bool_param: true } };
    await expect(
      grpc.call('ModelInfer', grpcRequest([0.5], { parameters }), metadata('ben')),
    ).rejects.toMatchObject({ code: 8 });
    // Anna has one already.
    expect((await begin('anna', 'one')).status).toBe(200);
    await post(service.url + INFER, step({ sequence_id: 'one', sequence_end: true }), {
      headers: authorization('ben'),
    });
    expect((await begin('ben', 'three')).status).toBe(200);
  });
});

describe('--cors-origins', () => {
  const origin = 'https://example.org';

  it('allows requests from the listed origins', async () => {
    const asked = await fetch(service.url + INFER, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    const answer = await post(service.url + INFER, step({}), {
      headers: { origin, ...authorization('anna') },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
  });

  it('refuses the pages of other origins, token or not', async () => {
    const headers = { origin: 'https://example.com', ...authorization('anna') };
    const answer = await post(service.url + INFER, step({}), { headers });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
