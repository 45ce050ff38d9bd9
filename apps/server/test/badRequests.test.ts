import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inferRequest, post, sines, zeros } from './support/requests.ts';
import type { InferBody } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let service: ServiceProcess;
let infer: string;
let generate: string;

beforeAll(async () => {
  service = await startService();
  infer = `${service.url}/v2/models/lagged-sine/infer`;
  generate = `${service.url}/v2/models/lagged-sine/generate`;
});
afterAll(async () => {
  await service.stop();
});
afterEach(async () => {
  // The service continues after each of them, in the same process, and has printed no stack trace.
  expect((await post<InferBody>(infer, inferRequest(sines(2)))).status).toBe(200);
  expect(service.process.exitCode).toBeNull();
  expect(service.stderr()).not.toContain('    at ');
});

const x = { name: 'x', shape: [1, 2, 1], datatype: 'FP32', data: [0, 1] };
const state = { name: 'state_in', shape: [1, 32], datatype: 'FP32', data: zeros };

describe('infer', () => {
  it.each<[name: string, body: unknown, status: number, error: string]>([
    ['a missing tensor', { inputs: [x] }, 400, 'input "state_in" is missing; send x and state_in'],
    [
      'a parameter with a long name',
      { inputs: [x, state], parameters: { ['p'.repeat(1e6)]: [] } },
      400,
      `parameters: ${'p'.repeat(128)}...: expected a string, a number, true or false, got an array of 0; correct it`,
    ],
    [
      'a long name of an output',
      { inputs: [x, state], outputs: [{ name: 'o'.repeat(1e6), parameters: { classification: 1 } }] },
      400,
      `output "${'o'.repeat(128)}...": parameters: classification: expected none, since the service answers with the values themselves, got 1; leave it out and sort them`,
    ],
    [
      'another shape',
      { inputs: [{ ...x, shape: [2, 1] }, state] },
      400,
      'input "x": expected shape [batch, time, 1], got [2, 1]; give it 3 dims',
    ],
    [
      'another width',
      { inputs: [x, { ...state, shape: [1, 31], data: zeros.slice(1) }] },
      400,
      'input "state_in": expected shape [batch, 32], got [1, 31]; its dim 1 is always 32',
    ],
    [
      'another type',
      { inputs: [{ ...x, datatype: 'FP64' }, state] },
      400,
      'input "x": expected datatype FP32, got "FP64"; convert the values',
    ],
    [
      'batches that differ',
      { inputs: [x, { ...state, shape: [2, 32], data: [...zeros, ...zeros] }] },
      400,
      'input "state_in": expected batch 1 as in input "x", got 2; give both the same batch',
    ],
    [
      'batch 0',
      {
        inputs: [
          { ...x, shape: [0, 2, 1], data: [] },
          { ...state, shape: [0, 32], data: [] },
        ],
      },
      400,
      'input "x": expected every dim of [batch, time, 1] to be at least 1, got [0, 2, 1]; skip the run for empty input',
    ],
    [
      'time 0',
      { inputs: [{ ...x, shape: [1, 0, 1], data: [] }, state] },
      400,
      'input "x": expected every dim of [batch, time, 1] to be at least 1, got [1, 0, 1]; skip the run for empty input',
    ],
    [
      'null for NaN',
      { inputs: [{ ...x, data: [0, null] }, state] },
      400,
      'input "x": expected a number at position 1, got null; JSON has no NaN, so leave such samples out',
    ],
    [
      'NaN in quotes',
      { inputs: [{ ...x, data: ['NaN', 0] }, state] },
      400,
      'input "x": expected a number at position 0, got "NaN"; JSON has no NaN, so leave such samples out',
    ],
    [
      'NaN',
      '{"inputs":[{"name":"x","shape":[1,1,1],"datatype":"FP32","data":[NaN]}]}',
      400,
      'the body is not JSON in UTF-8; send a JSON object',
    ],
    [
      '1e999',
      '{"inputs":[{"name":"x","shape":[1,1,1],"datatype":"FP32","data":[1e999]}]}',
      400,
      'input "x": expected numbers within float32, got Infinity at position 0; scale the values or leave them out',
    ],
    [
      'a size that overflows',
      { inputs: [{ ...x, shape: [4_294_967_296, 4_294_967_296, 1] }, state] },
      413,
      'input "x": expected at most 2097152 values, got shape [4294967296, 4294967296, 1]; send fewer rows or samples at a time',
    ],
    ['broken JSON', '{"inputs":[', 400, 'the body is not JSON in UTF-8; send a JSON object'],
    [
      'JSON that is too deep',
      `{"inputs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      400,
      'the body: expected JSON of at most 12 levels, got more; send the data flat',
    ],
    ['no body', '', 400, 'the body is empty; send a JSON object'],
    [
      'a step of an unknown sequence',
      { inputs: [x], parameters: { sequence_id: 1 } },
      404,
      'sequence "1": the sequence does not exist; start it with sequence_start',
    ],
  ])('refuses %s', async (_name, body, status, error) => {
    const answer = await post(infer, body);
    expect(answer.body).toEqual({ error });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('refuses more sequences, and more samples, than one request may have', async () => {
    const many = Array.from({ length: 1025 }, () => 0);
    const rows = { ...x, shape: [1025, 1, 1], data: many };
    const states = { ...state, shape: [1025, 32], data: many.flatMap(() => zeros) };
    expect((await post(infer, { inputs: [rows, states] })).body.error).toBe(
      'model "lagged-sine": expected at most 1024 sequences at a time, got 1025; send several requests',
    );
    const long = { ...x, shape: [1, 200_000, 1], data: Array.from({ length: 200_000 }, () => 0) };
    const answer = await post(infer, { inputs: [long, state] });
    expect(answer.status).toBe(413);
    expect(answer.body.error).toBe(
      'model "lagged-sine": expected at most 131072 samples a request over all sequences, got 200000; send several requests and carry the state over',
    );
  });

  it.each<[what: string, encoding: string, body: Uint8Array, status: number, error: string | undefined]>([
    ['takes a body of gzip', 'gzip', gzipSync(JSON.stringify(inferRequest([0]))), 200, undefined],
    ['takes a body of deflate', 'deflate', deflateSync(JSON.stringify(inferRequest([0]))), 200, undefined],
    [
      'refuses a body compressed otherwise',
      'br',
      Buffer.from('{}'),
      415,
      'Content-Encoding: expected gzip or deflate, got "br"; use one of them or none',
    ],
    [
      'refuses a body that is not compressed as it says',
      'gzip',
      Buffer.from('{}'),
      400,
      'the body: expected gzip as in Content-Encoding, got other bytes; compress it or remove the header',
    ],
    [
      'refuses a body that unpacks to a thousand times as much',
      'gzip',
      gzipSync(Buffer.alloc(9_000_000)),
      413,
      'the body: expected at most 8388608 bytes after decompression, got more; send fewer samples at a time',
    ],
  ])('%s', async (_what, encoding, body, status, error) => {
    const headers = { 'content-encoding': encoding };
    const answer = await fetch(infer, { method: 'POST', headers, body: new Uint8Array(body) });
    expect({ status: answer.status, ...((await answer.json()) as object) }).toMatchObject(
      error === undefined ? { status } : { status, error },
    );
  });

  it('rejects an invalid binary header length', async () => {
    const headers = { 'inference-header-content-length': '-5' };
    const answer = await post(infer, inferRequest([0]), { headers });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toBe(
      'Inference-Header-Content-Length: expected a number of bytes, got "-5"; correct it',
    );
  });

  it('ignores the content type: bytes', async () => {
    for (const type of ['text/plain', 'application/json\t; charset=utf-8', 'application/octet-stream']) {
      const answer = await post(infer, inferRequest([0]), { headers: { 'content-type': type } });
      expect(answer.status).toBe(200);
    }
  });
});

describe('generate', () => {
  it.each<[name: string, body: unknown, status: number, error: string]>([
    ['no prompt', { samples: 3 }, 400, 'prompt: expected an array of numbers, got nothing; send a list'],
    [
      'an empty prompt',
      { prompt: [], samples: 3 },
      400,
      'prompt: expected at least one sample, got none; send the values to continue from',
    ],
    [
      'samples 0',
      { prompt: [1], samples: 0 },
      400,
      'samples: expected a whole number of at least 1, got 0; ask for 1 or more',
    ],
    [
      'too many samples',
      { prompt: [1], samples: 1_000_000_000 },
      413,
      'model "lagged-sine": expected at most 131072 samples a request over all sequences, got 1000000001; send several requests and carry the state over',
    ],
    [
      'an unknown key',
      { prompt: [1], samples: 1, temperature: 1 },
      400,
      '"temperature": unknown key; generate takes prompt, samples, state, return_state, seed and noise',
    ],
    [
      'a state of another size',
      { prompt: [1], samples: 1, state: [1, 2] },
      400,
      'state: expected numbers nested as [32], got [2]; send the state of an earlier answer',
    ],
  ])('refuses %s', async (_name, body, status, error) => {
    const answer = await post(generate, body);
    expect(answer.body).toEqual({ error });
    expect(answer.status).toBe(status);
  });
});
