import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeInferRequest } from '@onda/protocol';
import { ModelRepository } from '@onda/serving';
import { servingOf } from '@onda/serving/testing';
import { Access } from '../access/access.ts';
import { Health } from '../health.ts';
import { limits } from '../limits.ts';
import { createLog } from '../telemetry/log.ts';
import type { App } from './app.ts';
import { createApp } from './app.ts';
import { InferRequest } from './schemas.ts';

interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, object>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let app: App;
let document: Document;

beforeAll(async () => {
  app = await createApp({
    serving: servingOf(new ModelRepository()),
    access: new Access(undefined),
    health: new Health({ alive: true, stalledMs: 0 }),
    log: createLog({ format: 'text', level: 'silent' }),
  });
  document = (await app.http.inject('/openapi.json')).json<Document>();
});
afterAll(() => app.http.close());

describe('/openapi.json', () => {
  it('describes every route of the protocol, each operation with a unique id', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const model = (suffix: string): string[] =>
      ['/v2/models/{name}', '/v2/models/{name}/versions/{version}'].map((path) => path + suffix);
    expect(described.sort()).toEqual(
      [
        ...[
          '/openapi.json',
          '/v2',
          '/v2/health/live',
          '/v2/health/ready',
          '/v2/models',
          '/v2/models/stats',
        ].map((path) => `GET ${path}`),
        ...['', '/ready', '/config', '/stats', '/sequences', '/sequences/{id}', '/files/{file}'].flatMap(
          (suffix) => model(suffix).map((path) => `GET ${path}`),
        ),
        ...['/infer', '/generate', '/generate_stream'].flatMap((suffix) =>
          model(suffix).map((path) => `POST ${path}`),
        ),
        ...model('/sequences/{id}').map((path) => `PUT ${path}`),
      ].sort(),
    );
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has exactly the components that it refers to', () => {
    const text = JSON.stringify(document);
    const used = new Set(
      Array.from(text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g), ([, id]) => id),
    );
    expect([...used].sort()).toEqual(Object.keys(document.components.schemas).sort());
    expect(document.openapi).toBe('3.1.0');
    expect(text).not.toMatch(/"\$(schema|id)"/);
  });
});

describe('InferRequest', () => {
  const tensor = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] };
  const decode = (body: unknown): unknown =>
    decodeInferRequest(Buffer.from(JSON.stringify(body)), undefined, limits.tensorValues);

  it.each<[name: string, body: unknown]>([
    ['a tensor', { inputs: [tensor] }],
    ['nested data', { inputs: [{ ...tensor, data: [[1, 2]] }] }],
    ['text', { inputs: [{ ...tensor, datatype: 'BYTES', data: ['a', 'b'] }] }],
    [
      'an id and parameters',
      { id: 'a', parameters: { sequence_id: 7, sequence_start: true }, inputs: [tensor] },
    ],
    ['outputs', { inputs: [tensor], outputs: [{ name: 'y', parameters: { binary_data: false } }] }],
  ])('accepts what the decoder accepts: %s', (_name, body) => {
    expect(InferRequest.safeParse(body).success).toBe(true);
    expect(() => decode(body)).not.toThrow();
  });

  it.each<[name: string, body: unknown]>([
    ['no object', [tensor]],
    ['no inputs', {}],
    ['inputs that are not a list', { inputs: tensor }],
    ['a tensor without a name', { inputs: [{ ...tensor, name: undefined }] }],
    ['a tensor without a shape', { inputs: [{ ...tensor, shape: undefined }] }],
    ['a shape with text', { inputs: [{ ...tensor, shape: [1, '2'] }] }],
    ['a negative dim', { inputs: [{ ...tensor, shape: [-1, 2] }] }],
    ['a fractional dim', { inputs: [{ ...tensor, shape: [1, 0.5] }] }],
    ['an unknown datatype', { inputs: [{ ...tensor, datatype: 'FP33' }] }],
    ['data that is not a list', { inputs: [{ ...tensor, data: 1 }] }],
    ['an id that is not text', { id: 7, inputs: [tensor] }],
    ['an output without a name', { inputs: [tensor], outputs: [{}] }],
  ])('rejects what the decoder rejects: %s', (_name, body) => {
    expect(InferRequest.safeParse(body).success).toBe(false);
    expect(() => decode(body)).toThrow();
  });
});
