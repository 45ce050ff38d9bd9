import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireNetManifest } from '@onda/contract';
import { floatTensor, generateClosedLoop, SequenceModel } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJson, inferRequest, post, sines } from './support/requests.ts';
import type { InferBody } from './support/requests.ts';
import { exampleModels, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

/** One machine, one runtime: the service hands the same float32 on, so nothing may differ. */
const SERVICE_ATOL = 0;
/**
 * Requests that were joined into one run, against runs of their own: ONNX Runtime's matrix product adds in another order for
 * another number of rows. float32, 32 units; 2.4e-7 was measured.
 */
const JOINED_ATOL = 1e-6;
/** generator.onnx against a loop over model.onnx, 200 samples of float32: the bound of the contract. */
const GENERATOR_ATOL = 1e-5;

let service: ServiceProcess;
let model: SequenceModel;
let models: string;

beforeAll(async () => {
  service = await startService();
  models = `${service.url}/v2/models`;
  const folder = await readModelFolder(join(exampleModels, 'lagged-sine'));
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const bytes = folder.files.get('model.onnx')?.bytes ?? new Uint8Array(0);
  const manifest = requireNetManifest(folder.manifest, 'onda.json');
  model = new SequenceModel(await runtime.createSession(bytes), manifest);
});
afterAll(async () => {
  await service.stop();
});

function largestDifference(actual: readonly number[], expected: Float32Array): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(...actual.map((value, index) => Math.abs(value - expected[index])));
}

describe('health and metadata', () => {
  it('says in one line of JSON what it serves and where', () => {
    expect(service.ready).toEqual({
      ready: true,
      http: service.url,
      models: [
        { name: 'lagged-sine', version: '1', provider: expect.stringMatching(/^(cpu|cuda)$/) as string },
      ],
    });
  });

  it('is live and ready, and so is the model, with a version and without', async () => {
    expect(await getJson(`${service.url}/v2/health/live`)).toMatchObject({
      status: 200,
      body: { live: true },
    });
    expect(await getJson(`${service.url}/v2/health/ready`)).toMatchObject({
      status: 200,
      body: { ready: true },
    });
    for (const path of ['lagged-sine/ready', 'lagged-sine/versions/1/ready']) {
      expect(await getJson(`${models}/${path}`)).toMatchObject({
        status: 200,
        body: { name: 'lagged-sine', ready: true },
      });
    }
  });

  it('describes itself, with a slash at the end and without', async () => {
    for (const path of ['/v2', '/v2/']) {
      expect((await getJson(service.url + path)).body).toEqual({
        name: 'onda',
        version: '0.1.0',
        extensions: [
          'binary_tensor_data',
          'generate',
          'model_configuration',
          'schedule_policy',
          'sequence',
          'sequence(string_id)',
          'statistics',
        ],
      });
    }
  });

  it('describes the model', async () => {
    expect((await getJson(`${models}/lagged-sine`)).body).toEqual({
      name: 'lagged-sine',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [-1, -1, 1] },
        { name: 'state_in', datatype: 'FP32', shape: [-1, 32] },
      ],
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [-1, -1, 1] },
        { name: 'state_out', datatype: 'FP32', shape: [-1, 32] },
      ],
    });
    expect((await getJson(`${models}/lagged-sine/config`)).body).toMatchObject({
      backend: 'onnxruntime',
      max_batch_size: 1024,
      input: [
        { name: 'x', data_type: 'TYPE_FP32', dims: [-1, 1] },
        { name: 'state_in', data_type: 'TYPE_FP32', dims: [32] },
      ],
    });
  });

  it('lists its models, for people and for the page', async () => {
    expect((await getJson(models)).body).toEqual({
      models: [{ name: 'lagged-sine', version: '1', ready: true, generate: true }],
    });
    expect((await getJson(`${service.url}/models/index.json`)).body).toEqual({
      models: [
        { name: 'lagged-sine', version: '1', ready: true, files: 'v2/models/lagged-sine/versions/1/files/' },
      ],
    });
  });
});

describe('infer', () => {
  it('gives the values and the state of the model, with a version and without', async () => {
    const x = sines(20);
    const expected = await model.step(floatTensor([1, 20, 1], x));
    for (const path of ['infer', 'versions/1/infer']) {
      const { status, body } = await post<InferBody>(`${models}/lagged-sine/${path}`, {
        id: 'request 1',
        ...inferRequest(x),
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({ model_name: 'lagged-sine', model_version: '1', id: 'request 1' });
      const [y, state] = body.outputs;
      expect(y).toMatchObject({ name: 'y', shape: [1, 20, 1], datatype: 'FP32' });
      expect(state).toMatchObject({ name: 'state_out', shape: [1, 32], datatype: 'FP32' });
      expect(largestDifference(y.data, expected.y.data)).toBeLessThanOrEqual(SERVICE_ATOL);
      expect(largestDifference(state.data, expected.state.data)).toBeLessThanOrEqual(SERVICE_ATOL);
    }
  });

  it('continues a sequence when the client sends the state back', async () => {
    const x = sines(20);
    const expected = await model.step(floatTensor([1, 20, 1], x));
    const first = await post<InferBody>(`${models}/lagged-sine/infer`, inferRequest(x.slice(0, 7)));
    const state = first.body.outputs[1].data;
    const second = await post<InferBody>(`${models}/lagged-sine/infer`, inferRequest(x.slice(7), state));
    const values = [...first.body.outputs[0].data, ...second.body.outputs[0].data];
    expect(largestDifference(values, expected.y.data)).toBeLessThanOrEqual(GENERATOR_ATOL);
  });

  it('keeps many requests at once apart', async () => {
    const requests = Array.from({ length: 64 }, (_, index) =>
      sines(1 + (index % 9)).map((value) => value + index),
    );
    const answers = await Promise.all(
      requests.map((x) => post<InferBody>(`${models}/lagged-sine/infer`, inferRequest(x))),
    );
    for (const [index, x] of requests.entries()) {
      const { y } = await model.step(floatTensor([1, x.length, 1], x));
      expect(largestDifference(answers[index].body.outputs[0].data, y.data)).toBeLessThanOrEqual(JOINED_ATOL);
    }
  });

  it('takes and gives binary tensors, as tritonclient sends them: without a content type', async () => {
    const x = Float32Array.from(sines(3));
    const header = JSON.stringify({
      inputs: [
        { name: 'x', shape: [1, 3, 1], datatype: 'FP32', parameters: { binary_data_size: 12 } },
        { name: 'state_in', shape: [1, 32], datatype: 'FP32', parameters: { binary_data_size: 128 } },
      ],
      outputs: [{ name: 'y', parameters: { binary_data: true } }],
    });
    const body = new Blob([header, x, new Float32Array(32)]);
    const response = await fetch(`${models}/lagged-sine/infer`, {
      method: 'POST',
      headers: { 'inference-header-content-length': String(header.length) },
      body,
    });
    expect(response.status).toBe(200);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const length = Number(response.headers.get('inference-header-content-length'));
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(0, length)))).toMatchObject({
      outputs: [{ name: 'y', shape: [1, 3, 1], datatype: 'FP32', parameters: { binary_data_size: 12 } }],
    });
    const expected = await model.step(floatTensor([1, 3, 1], x));
    expect(new Float32Array(bytes.slice(length).buffer)).toEqual(expected.y.data);
  });
});

describe('generate', () => {
  it('generates what a loop over the model generates', async () => {
    const prompt = sines(20);
    const expected = await generateClosedLoop(model, floatTensor([1, 20, 1], prompt), undefined, 200);
    const { status, body } = await post<{ values: number[] }>(`${models}/lagged-sine/generate`, {
      prompt,
      samples: 200,
    });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['model_name', 'model_version', 'values']);
    expect(largestDifference(body.values, expected.y.data)).toBeLessThanOrEqual(GENERATOR_ATOL);
  });

  it('continues when the last value and the state are sent back', async () => {
    const url = `${models}/lagged-sine/generate`;
    const whole = await post<{ values: number[] }>(url, { prompt: sines(20), samples: 60 });
    const first = await post<{ values: number[]; state: number[] }>(url, {
      prompt: sines(20),
      samples: 40,
      return_state: true,
    });
    const second = await post<{ values: number[] }>(url, {
      prompt: [first.body.values[39]],
      state: first.body.state,
      samples: 20,
    });
    const expected = Float32Array.from(whole.body.values);
    const values = [...first.body.values, ...second.body.values];
    expect(largestDifference(values, expected)).toBeLessThanOrEqual(GENERATOR_ATOL);
  });

  it('generates several sequences at once, each as if alone', async () => {
    const url = `${models}/lagged-sine/generate`;
    const prompts = [sines(20), sines(20).map((value) => value / 2)];
    const { body } = await post<{ values: number[][][] }>(url, {
      prompt: prompts.map((prompt) => prompt.map((value) => [value])),
      samples: 10,
    });
    for (const [row, prompt] of prompts.entries()) {
      const alone = await post<{ values: number[] }>(url, { prompt, samples: 10 });
      expect(
        largestDifference(body.values[row].flat(), Float32Array.from(alone.body.values)),
      ).toBeLessThanOrEqual(GENERATOR_ATOL);
    }
  });
});

describe('files', () => {
  it('gives the bytes that the manifest vouches for, and 304 to who has them', async () => {
    for (const file of ['model.onnx', 'generator.onnx'] as const) {
      const url = `${models}/lagged-sine/files/${file}`;
      const response = await fetch(url);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(model.manifest.files[file].sha256);
      const tag = response.headers.get('etag') ?? '';
      expect((await fetch(url, { headers: { 'if-none-match': tag } })).status).toBe(304);
    }
    const manifest = await getJson(`${models}/lagged-sine/versions/1/files/onda.json`);
    expect(manifest.body).toEqual(
      JSON.parse(await readFile(join(exampleModels, 'lagged-sine/1/onda.json'), 'utf8')),
    );
  });
});

describe('headers', () => {
  it('sends no CORS header, whatever the origin, and forbids guessing types', async () => {
    const response = await fetch(`${service.url}/v2`, { headers: { origin: 'http://elsewhere.example' } });
    const names: string[] = [];
    response.headers.forEach((_value, name) => names.push(name));
    expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  it('answers the page with a content security policy', async () => {
    const response = await fetch(service.url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  });
});
