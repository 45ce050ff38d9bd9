import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GrpcClient, grpcRequest, healthService } from './support/grpcClient.ts';
import { putModel } from './support/modelFolders.ts';
import { post } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const TOKEN = 'a-token-of-some-length';
const SERVICE = '/inference.GRPCInferenceService';

let folder: string;
let service: ServiceProcess;
let admin: GrpcClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-admin-grpc-'));
  await putModel(folder, 'a', 1, 'plus1');
  await putModel(folder, 'b', 1, 'plus2');
  await putModel(folder, 'broken', 1, 'endless');
  await writeFile(join(folder, 'tokens'), `ops ${createHash('sha256').update(TOKEN).digest('hex')} admin\n`);
  service = await startService(folder, [
    ...['--model-control', 'explicit', '--load-model', 'a', '--grpc-port', '0'],
    ...['--admin-port', '0', '--tokens', join(folder, 'tokens')],
  ]);
  admin = new GrpcClient(service.ready.adminGrpc ?? '');
});
afterEach(async () => {
  admin.close();
  expect(await service.stop()).toBe(0);
  expect(service.stderr()).not.toContain('    at ');
  await rm(folder, { recursive: true });
});

function metadata(token = TOKEN): Metadata {
  const made = new Metadata();
  made.set('authorization', `Bearer ${token}`);
  return made;
}

interface End {
  code: number;
  details: string;
}

/** How a call ended, and its answer. */
async function call(method: string, message: object, client = admin): Promise<End & { answer?: object }> {
  return client.call<object>(method, message, metadata()).then(
    (answer) => ({ code: 0, details: '', answer }),
    (error: unknown) => {
      const { code, details } = error as ServiceError;
      return { code, details };
    },
  );
}

/** The sentence that HTTP's admin port refuses a request with. */
async function httpError(path: string, body: object): Promise<string> {
  const url = `${String(service.ready.admin)}/v2/repository/${path}`;
  const { body: answer } = await post(url, body, { headers: { authorization: `Bearer ${TOKEN}` } });
  return answer.error;
}

const load = (model_name: string, more: object = {}): ReturnType<typeof call> =>
  call('RepositoryModelLoad', { model_name, ...more });

describe('--admin-port over gRPC', () => {
  it('loads, lists and unloads models of the folder', async () => {
    const entry = { version: '', state: '', reason: '' };
    expect((await call('RepositoryIndex', {})).answer).toEqual({
      models: [
        { name: 'a', version: '1', state: 'READY', reason: '' },
        { name: 'b', ...entry },
        { name: 'broken', ...entry },
      ],
    });
    const inference = new GrpcClient(service.ready.grpc ?? '');
    expect(await load('b')).toEqual({ code: 0, details: '', answer: {} });
    expect((await call('ModelReady', { name: 'b' }, inference)).answer).toEqual({ ready: true });
    const parameters = { unload_dependents: { bool_param: true } };
    expect(await call('RepositoryModelUnload', { model_name: 'a', parameters })).toMatchObject({ code: 0 });
    expect((await call('ModelReady', { name: 'a' }, inference)).answer).toEqual({ ready: false });
    inference.close();
    const broken = await load('broken');
    expect(broken).toMatchObject({ code: 3 });
    expect(broken.details).toContain('the model has an operator that the service does not allow: "Loop"');
    expect(await httpError('models/broken/load', {})).toBe(broken.details);
    expect((await call('RepositoryIndex', { ready: true })).answer).toEqual({
      models: [{ name: 'b', version: '1', state: 'READY', reason: '' }],
    });
  });

  it('rejects with the same messages as HTTP, and accepts no file, path or configuration', async () => {
    for (const name of ['nothing', '../a', '/etc', '']) {
      expect(await load(name)).toEqual({
        code: 5,
        details: `model ${JSON.stringify(name)}: the repository has no such folder; add the model first`,
      });
    }
    const taken =
      'parameters: expected none, since a model is loaded from its folder; put files and configuration there';
    expect(await httpError('models/a/load', { parameters: { config: '{}' } })).toBe(taken);
    for (const parameters of [
      { config: { string_param: '{"backend":"onnxruntime"}' } },
      { 'file:1/model.onnx': { bytes_param: Buffer.alloc(1000) } },
      { anything: {} },
    ]) {
      expect(await load('a', { parameters })).toEqual({ code: 3, details: taken });
    }
    expect(await call('RepositoryModelUnload', { model_name: 'b' })).toEqual({
      code: 5,
      details: await httpError('models/b/unload', {}),
    });
    for (const [parameters, sent] of [
      [{ force: { bool_param: true } }, { force: true }],
      [{ unload_dependents: { int64_param: 1 } }, { unload_dependents: 1 }],
      [{ unload_dependents: { string_param: 'yes' } }, { unload_dependents: 'yes' }],
      [{ unload_dependents: {} }, { unload_dependents: null }],
    ]) {
      expect(await call('RepositoryModelUnload', { model_name: 'a', parameters })).toEqual({
        code: 3,
        details: await httpError('models/a/unload', { parameters: sent }),
      });
    }
    expect(await call('RepositoryIndex', { repository_name: 'other' })).toEqual({
      code: 3,
      details: 'repository_name: expected none, got "other"; leave it out',
    });
    expect(await load('a', { repository_name: 'x' })).toMatchObject({ code: 3 });
    expect(await call('RepositoryIndex', {})).toMatchObject({
      answer: { models: [{ name: 'a', state: 'READY' }, { name: 'b' }, { name: 'broken' }] },
    });
  });

  it('rejects messages larger than an index or a load needs', async () => {
    const large = { config: { string_param: 'x'.repeat(70_000) } };
    expect(await load('a', { parameters: large })).toEqual({
      code: 8,
      details:
        'message: expected at most 65536 bytes, got 70023; send less; put files and configuration into the folder of the model',
    });
  });

  it('requires a token, except for health checks', async () => {
    for (const given of [new Metadata(), metadata('another-token-of-some-length')]) {
      for (const method of ['RepositoryIndex', 'RepositoryModelLoad', 'RepositoryModelUnload']) {
        await expect(admin.call(method, {}, given)).rejects.toMatchObject({ code: 16 });
      }
    }
    await expect(admin.call('RepositoryIndex', {})).rejects.toMatchObject({
      details: 'expected "Authorization: Bearer TOKEN", got none; send the token',
    });
    expect(await admin.call('ServerLive', {})).toEqual({ live: true });
    expect(await admin.call('ServerReady', {})).toEqual({ ready: true });
    const health = new GrpcClient(service.ready.adminGrpc ?? '', healthService);
    expect(await health.call('Check', {})).toEqual({ status: 'SERVING' });
    health.close();
  });

  it('serves admin and inference methods on separate ports, and each names the option of the other', async () => {
    const inference = new GrpcClient(service.ready.grpc ?? '');
    for (const method of ['RepositoryIndex', 'RepositoryModelLoad', 'RepositoryModelUnload']) {
      expect(await call(method, {}, inference)).toEqual({
        code: 12,
        details: `${SERVICE}/${method}: this port does not serve the method; call the port of --admin-port`,
      });
    }
    inference.close();
    for (const [method, message] of [
      ['ModelInfer', grpcRequest([0.5])],
      ['ServerMetadata', {}],
    ] as const) {
      expect(await call(method, message)).toEqual({
        code: 12,
        details: `${SERVICE}/${method}: this port does not serve the method; call the port of --grpc-port`,
      });
    }
  });
});
