import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { putModel } from './support/modelFolders.ts';
import { getJson, post } from './support/requests.ts';
import type { Answer } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const TOKEN = 'a-token-of-some-length';

let folder: string;
let service: ServiceProcess;
let repository: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-admin-'));
  await putModel(folder, 'a', 1, 'plus1');
  await putModel(folder, 'b', 1, 'plus2');
  await putModel(folder, 'broken', 1, 'endless');
  await writeFile(
    join(folder, 'tokens'),
    `ops ${createHash('sha256').update(TOKEN).digest('hex')} admin\nclient ${'0'.repeat(64)}\n`,
  );
  service = await startService(folder, [
    ...['--model-control', 'explicit', '--load-model', 'a'],
    ...['--admin-port', '0', '--tokens', join(folder, 'tokens')],
  ]);
  repository = `${String(service.ready.admin)}/v2/repository`;
});
afterEach(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

function ask(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
  return post(`${repository}/${path}`, body, { headers: { authorization: `Bearer ${TOKEN}`, ...headers } });
}

/** The service's own answer on a model. */
const served = (name: string): Promise<Response> =>
  fetch(`${service.url}/v2/models/${name}`, { headers: { authorization: `Bearer ${TOKEN}` } });

describe('--admin-port', () => {
  it('loads, lists and unloads models like Triton, and nothing from outside the folder', async () => {
    expect((await ask('index')).body).toEqual([
      { name: 'a', version: '1', state: 'READY', reason: '' },
      { name: 'b', version: '', state: '', reason: '' },
      { name: 'broken', version: '', state: '', reason: '' },
    ]);
    expect((await ask('models/b/load')).status).toBe(200);
    expect((await served('b')).status).toBe(200);
    expect((await ask('models/a/unload')).status).toBe(200);
    expect((await served('a')).status).toBe(404);

    const broken = await ask('models/broken/load');
    expect(broken.status).toBe(400);
    expect(broken.body.error).toContain('the model has an operator that the service does not allow: "Loop"');
    expect((await ask('index', { ready: true })).body).toEqual([
      { name: 'b', version: '1', state: 'READY', reason: '' },
    ]);
    for (const name of ['..%2Fa', '%2Fetc', 'nothing']) {
      expect(await ask(`models/${name}/load`)).toMatchObject({ status: 404 });
    }
    expect(await ask('models/b/load', { parameters: { config: '{}' } })).toMatchObject({
      status: 400,
      body: {
        error:
          'parameters: expected none, since a model is loaded from its folder; put files and configuration there',
      },
    });
  });

  it('requires a token, rejects pages, and is missing on the service port', async () => {
    expect(await post(`${repository}/index`, {})).toMatchObject({ status: 401 });
    expect(await ask('index', {}, { origin: service.url })).toMatchObject({
      status: 403,
      body: { error: 'Origin: expected none, since pages may not call this port, got one' },
    });
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect(await post(`${service.url}/v2/repository/index`, {}, { headers })).toMatchObject({ status: 404 });
    expect(await ask('models/a/load', { filler: 'x'.repeat(70_000) })).toMatchObject({ status: 413 });
    expect((await getJson(`${repository}/index`)).status).toBe(401);
    const index = await fetch(`${repository}/index`, { headers });
    expect([index.status, index.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('has a separate OpenAPI document, and names unsupported fields of a body', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const document = await fetch(`${String(service.ready.admin)}/openapi.json`, { headers });
    const { paths } = (await document.json()) as { paths: object };
    expect(Object.keys(paths)).toEqual([
      '/openapi.json',
      '/v2/repository/index',
      '/v2/repository/models/{name}/load',
      '/v2/repository/models/{name}/unload',
    ]);
    for (const [path, body, error] of [
      ['index', { ready: 'yes' }, 'ready: expected true or false, got "yes"; correct it'],
      [
        'models/a/unload',
        { parameters: { force: true } },
        'parameters: expected unload_dependents only; remove the others',
      ],
      [
        'models/a/unload',
        { parameters: { unload_dependents: 1 } },
        'parameters: unload_dependents: expected true or false, got 1; correct it',
      ],
    ] as const) {
      expect(await ask(path, body)).toMatchObject({ status: 400, body: { error } });
    }
  });
});
