import { adminPort } from '../openapi/adminOperations.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { RepositoryCalls } from './repositoryCalls.ts';

type Body = Readonly<Record<string, unknown>>;

export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** `:name` stands for a part of the path. */
  readonly url: string;
  /** @returns JSON */
  readonly answer: (name: string, body: Body) => Promise<string>;
}

/** What the admin's port answers; the document is made of this very list. */
export function adminRoutes(calls: RepositoryCalls): readonly AdminRoute[] {
  const routes: AdminRoute[] = [
    {
      method: 'POST',
      url: '/v2/repository/index',
      answer: async (_name, { ready }) => JSON.stringify(await calls.index(ready)),
    },
    {
      method: 'POST',
      url: '/v2/repository/models/:name/load',
      answer: async (name, { parameters }) => {
        await calls.load(name, parameters);
        return '{}';
      },
    },
    {
      method: 'POST',
      url: '/v2/repository/models/:name/unload',
      answer: async (name, { parameters }) => {
        await calls.unload(name, parameters);
        return '{}';
      },
    },
  ];
  const document = { method: 'GET', url: '/openapi.json' } as const;
  const text = JSON.stringify(openApiDocument([document, ...routes], adminPort, undefined));
  return [{ ...document, answer: () => Promise.resolve(text) }, ...routes];
}
