import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inferRequest, post } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let service: ServiceProcess;
let infer: string;

beforeAll(async () => {
  service = await startService();
  infer = `${service.url}/v2/models/lagged-sine/infer`;
});
afterAll(async () => {
  expect(service.process.exitCode).toBeNull();
  expect(service.stderr()).not.toContain('    at ');
  await service.stop();
});

describe('addresses', () => {
  it.each<[name: string, path: string, status: number, error: string]>([
    [
      'an unknown model',
      '/v2/models/nope',
      404,
      'model "nope": the service has no such model; GET /v2/models lists the models',
    ],
    [
      'an unknown version',
      '/v2/models/lagged-sine/versions/7',
      404,
      'model "lagged-sine": expected version 1, which is the one served, got "7"; use that one or omit the version',
    ],
    ['an unknown path', '/v2/nope', 404, 'GET /v2/nope: unknown path; GET /openapi.json lists all paths'],
    [
      'an unknown file',
      '/v2/models/lagged-sine/files/config.pbtxt',
      404,
      'model "lagged-sine": expected one of onda.json, model.onnx, generator.onnx, got "config.pbtxt"; request one of them',
    ],
    [
      'a path out of the repository',
      '/v2/models/..%2f..%2fetc/files/..%2fpasswd',
      404,
      'model "../../etc": the service has no such model; GET /v2/models lists the models',
    ],
    [
      'a file out of the model',
      '/v2/models/lagged-sine/files/..%2f..%2fconfig.pbtxt',
      404,
      'model "lagged-sine": expected one of onda.json, model.onnx, generator.onnx, got "../../config.pbtxt"; request one of them',
    ],
    [
      'a name that every object has',
      '/v2/models/__proto__',
      404,
      'model "__proto__": the service has no such model; GET /v2/models lists the models',
    ],
    [
      'broken percent-encoding',
      '/v2/models/%zz',
      400,
      '/v2/models/%zz: expected a path with valid percent-encoding; correct it',
    ],
    [
      'GET where POST belongs',
      '/v2/models/lagged-sine/infer',
      405,
      '/v2/models/lagged-sine/infer: expected POST, got GET; use POST',
    ],
  ])('refuses %s', async (_name, path, status, error) => {
    const response = await fetch(service.url + path);
    expect(await response.json()).toEqual({ error });
    expect(response.status).toBe(status);
  });

  it('responds to a wrong method with the allowed ones', async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const answer = await post(infer, inferRequest([0]), { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST');
    }
    const answer = await post(`${service.url}/v2/health/live`, '{}');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });
});
