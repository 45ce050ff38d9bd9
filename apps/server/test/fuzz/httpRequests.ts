import { gzipSync } from 'node:zlib';
import type { Random } from '@onda/series';
import { mutateBytes } from './mutateBytes.ts';
import { mutateDocument, pick } from './mutateJson.ts';

export interface HttpRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

const MODEL = '/v2/models/lagged-sine';
const zeros = Array.from({ length: 32 }, () => 0);

/** Requests that are right, of which odd ones are made. */
const documents: readonly { path: string; document: unknown }[] = [
  {
    path: `${MODEL}/infer`,
    document: {
      id: 'a',
      inputs: [
        { name: 'x', shape: [1, 2, 1], datatype: 'FP32', data: [0.5, 0.25] },
        { name: 'state_in', shape: [1, 32], datatype: 'FP32', data: zeros },
      ],
      outputs: [{ name: 'y', parameters: { binary_data: false } }, { name: 'state_out' }],
    },
  },
  {
    path: `${MODEL}/versions/1/infer`,
    document: {
      parameters: { sequence_id: 'fuzz', sequence_start: true, sequence_end: true, sequence_step: 1 },
      inputs: [{ name: 'x', shape: [1, 1, 1], datatype: 'FP32', data: [[[0.5]]] }],
    },
  },
  {
    path: `${MODEL}/generate`,
    document: { prompt: [0.1, 0.2, 0.3], samples: 4, state: zeros, return_state: true },
  },
  {
    path: `${MODEL}/generate_stream`,
    document: { prompt: [[0.1], [0.2]], samples: 70, seed: 7, noise: [[0.5]] },
  },
  { path: `${MODEL}/generate`, document: { sequence_id: 'fuzz', samples: 4, seed: '7' } },
];

const paths = [
  ...[
    '/',
    '/v2',
    '/v2/models',
    MODEL,
    `${MODEL}/config`,
    `${MODEL}/ready`,
    '/v2/health/ready',
    '/models/index.json',
  ],
  ...[
    `${MODEL}/files/onda.json`,
    `${MODEL}/files/..%2f..%2fconfig.pbtxt`,
    '/v2/models/../../etc/passwd/infer',
  ],
  ...[
    '/v2/models/..%2f..%2fetc/infer',
    '/v2/models/%00/infer',
    '/v2/models/%zz/infer',
    `/${'a'.repeat(3000)}`,
  ],
  ...[
    `${MODEL}/versions/0/infer`,
    `${MODEL}/versions/-1`,
    `${MODEL}/versions/99999999999999999999/infer`,
    '//',
    '/%2e%2e/',
  ],
  ...[
    `${MODEL}/versions/__proto__/infer`,
    '/v2/models/__proto__/infer',
    '/v2/models/constructor',
    `${MODEL}/infer?a=%ff`,
  ],
];

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'];

/** An HTTP request that is well formed as such, and odd in path, method, headers or body. */
export function oddHttpRequest(random: Random): HttpRequest {
  const { path, document } = pick(random, documents);
  const kind = random.int(10);
  if (kind === 0) {
    const method = pick(random, methods);
    const body = method === 'GET' || method === 'HEAD' ? Buffer.alloc(0) : json(document);
    return { method, path: pick(random, paths), headers: {}, body };
  }
  if (kind === 1) return binaryRequest(random);
  if (kind === 2) return { method: 'POST', path, headers: oddHeaders(random), body: json(document) };
  if (kind <= 4) return { method: 'POST', path, headers: {}, body: mutateBytes(json(document), random) };
  return { method: 'POST', path, headers: {}, body: json(mutateDocument(document, random)) };
}

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}

function oddHeaders(random: Random): Record<string, string> {
  const odd: readonly Record<string, string>[] = [
    ...['0', '1', '-1', '1e9', '99999999999999999999', 'x', '60'].map((length) => ({
      'inference-header-content-length': length,
    })),
    { 'content-encoding': 'gzip' },
    { 'content-encoding': 'br, gzip' },
    { 'content-type': 'a\tb' },
    { 'content-type': 'multipart/form-data' },
    { expect: '100-continue' },
    { origin: 'null' },
    { authorization: `Bearer ${'a'.repeat(400)}` },
    { traceparent: '00-zz-1-' },
    { upgrade: 'websocket', connection: 'upgrade' },
    { 'x-long': 'a'.repeat(5000) },
  ];
  return { ...pick(random, odd) };
}

/** The binary extension, with lengths that agree or do not; sometimes bytes that would unpack to a thousand times as many. */
function binaryRequest(random: Random): HttpRequest {
  const path = `${MODEL}/infer`;
  if (random.int(20) === 0) {
    const headers = { 'content-encoding': 'gzip' };
    return { method: 'POST', path, headers, body: gzipSync(Buffer.alloc(1_000_000)) };
  }
  const sizes = [0, 4, 8, 3, -4, 128, 2 ** 31, 2 ** 53, 1.5];
  const input = (name: string, shape: readonly number[], size: number): object => ({
    name,
    shape,
    datatype: 'FP32',
    parameters: { binary_data_size: random.int(4) === 0 ? pick(random, sizes) : size },
  });
  const head = {
    parameters: { binary_data_output: true },
    inputs: [input('x', [1, 1, 1], 4), input('state_in', [1, 32], 128)],
  };
  const header = json(random.int(3) === 0 ? mutateDocument(head, random) : head);
  const tensors = Buffer.alloc(132);
  // NaN, infinities, and numbers too small for most.
  tensors.writeFloatLE(pick(random, [0.5, NaN, Infinity, -Infinity, 1e-45, 3.4e38]), 0);
  const body = Buffer.concat([header, random.int(3) === 0 ? mutateBytes(tensors, random) : tensors]);
  const length = random.int(5) === 0 ? random.int(400) : header.length;
  return { method: 'POST', path, headers: { 'inference-header-content-length': String(length) }, body };
}
