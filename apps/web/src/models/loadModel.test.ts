import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ModelError } from '@onda/contract';
import { createWebRuntime } from '@onda/runtime-web';
import { exampleManifest } from '../testing/exampleModel.ts';
import { loadModel } from './loadModel.ts';
import { readModelIndex } from './modelIndex.ts';

const folder = new URL('../../../../examples/models/lagged-sine/1/', import.meta.url);
const read = (file: string): Buffer<ArrayBuffer> => readFileSync(new URL(file, folder));
const good = {
  'model.onnx': read('model.onnx'),
  'generator.onnx': read('generator.onnx'),
  'onda.json': read('onda.json'),
};
const entry = { name: 'm', version: 1, ready: true, files: new URL('http://host/models/m/1/') };
const runtime = createWebRuntime();

/** Responds to fetch from files by their names; status 404 for a missing file. */
function serve(files: Record<string, Buffer<ArrayBuffer> | string>): void {
  vi.stubGlobal('fetch', (url: URL) => {
    const body = files[url.pathname.split('/').at(-1) ?? ''] as Buffer<ArrayBuffer> | string | undefined;
    return Promise.resolve(body === undefined ? new Response(null, { status: 404 }) : new Response(body));
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe(loadModel, () => {
  it('creates sessions of both files and keeps the manifest', async () => {
    serve(good);
    const model = await loadModel(entry, runtime);
    expect(model.sequence.manifest.name).toBe('lagged-sine');
    expect(model.generator?.outputs.map(({ name }) => name)).toEqual(['y', 'state_out']);
    await model.release();
  });

  it('loads no generator if the manifest has none', async () => {
    const manifest = exampleManifest(read);
    serve({
      'model.onnx': good['model.onnx'],
      'onda.json': JSON.stringify({ ...manifest, tensors: { ...manifest.tensors, generator: null } }),
    });
    const model = await loadModel(entry, runtime);
    expect(model.generator).toBeNull();
    await model.release();
  });

  it('rejects a file that differs from its hash', async () => {
    serve({ ...good, 'model.onnx': good['model.onnx'].subarray(0, 4000) });
    const failure = loadModel(entry, runtime);
    await expect(failure).rejects.toThrow(ModelError);
    await expect(failure).rejects.toThrow(
      /^model\.onnx: expected SHA-256 [0-9a-f]{12}… as in onda\.json, got [0-9a-f]{12}…; the file is damaged or of another export, export the model again$/,
    );
  });

  it('rejects bytes that are not a model although their hash is right, and names the file', async () => {
    const bytes = Buffer.from('not a model');
    const manifest = exampleManifest(read);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    serve({
      ...good,
      'generator.onnx': bytes,
      'onda.json': JSON.stringify({
        ...manifest,
        files: { ...manifest.files, 'generator.onnx': { sha256, bytes: bytes.length } },
      }),
    });
    await expect(loadModel(entry, runtime)).rejects.toThrow(
      /^generator\.onnx: the model cannot be loaded: .*; export or copy it again$/,
    );
  });

  it.each([
    [
      'a missing file',
      { 'onda.json': good['onda.json'] },
      'model.onnx: expected the file, got status 404; export the model again',
    ],
    ['no manifest', {}, 'onda.json: expected the file, got status 404; export the model again'],
    [
      'a manifest that is not JSON',
      { 'onda.json': '<!doctype html>' },
      'onda.json: expected JSON, got "<!doctype html>"; export the model again',
    ],
  ])('rejects %s', async (_, files, message) => {
    serve(files);
    await expect(loadModel(entry, runtime)).rejects.toThrow(new ModelError(message));
  });

  it('rejects a model that the server says is not ready', async () => {
    await expect(loadModel({ ...entry, ready: false }, runtime)).rejects.toThrow(
      `model "m": the server could not load it; read the server's log, or choose another model`,
    );
  });

  it('says so when the server does not answer', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(loadModel(entry, runtime)).rejects.toThrow(
      'onda.json: expected the file, got no answer from host; check that the server runs',
    );
  });
});

describe(readModelIndex, () => {
  const page = new URL('http://host/app/');

  it('reads the models and the addresses of their files, relative to the page', async () => {
    serve({
      'index.json':
        '{"models": [{"name": "a", "version": "3", "ready": true, "files": "v2/models/a/files/"}]}',
    });
    expect(await readModelIndex(page)).toEqual([
      { name: 'a', version: '3', ready: true, files: new URL('http://host/app/v2/models/a/files/') },
    ]);
  });

  it.each([
    [
      'no list',
      {},
      '/app/models/index.json: expected the list of models, got status 404; start the Onda server, or build the page again',
    ],
    [
      'an empty list',
      { 'index.json': '{"models": []}' },
      '/app/models/index.json: expected a model, got none; fit one with npm start',
    ],
    [
      'something else',
      { 'index.json': '<!doctype html>' },
      '/app/models/index.json: expected {"models": [{"name", "version", "ready", "files"}]}, got "<!doctype html>"; start the Onda server, or build the page again',
    ],
  ])('rejects %s', async (_, files, message) => {
    serve(files);
    await expect(readModelIndex(page)).rejects.toThrow(new ModelError(message));
  });
});
