import { describe, expect, it } from 'vitest';
import { openApiDocument } from './document.ts';
import { servicePort } from './operations.ts';

const routes = Object.keys(servicePort.operations).flatMap((key) => {
  const [method, path] = key.split(' ');
  return ['/v2/models/:name', '/v2/models/:name/versions/:version']
    .map((model) => ({ method, url: path.replace('{model}', model) }))
    .slice(0, path.includes('{model}') ? 2 : 1);
});

describe(openApiDocument, () => {
  it('describes each route at its paths, each operation by a name of its own', () => {
    const { paths } = openApiDocument(routes, servicePort, undefined) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    expect(Object.keys(paths)).toContain('/v2/models/{name}/versions/{version}/infer');
    const ids = Object.values(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(routes.length);
  });

  it('refuses a route that nobody described, and a description without a route', () => {
    expect(() =>
      openApiDocument([...routes, { method: 'GET', url: '/v2/new' }], servicePort, undefined),
    ).toThrow('openapi: GET /v2/new has no operation');
    expect(() => openApiDocument(routes.slice(1), servicePort, undefined)).toThrow(
      'openapi: GET /openapi.json has no route',
    );
  });
});
