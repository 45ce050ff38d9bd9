import { ProtocolError } from '@onda/protocol';
import { adminPort } from '../openapi/adminOperations.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { RepositoryControl } from '../models/repositoryControl.ts';

type Body = Readonly<Record<string, unknown>>;

export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** `:name` stands for a part of the path. */
  readonly url: string;
  /** @returns JSON */
  readonly answer: (name: string, body: Body) => Promise<string>;
}

/** What the admin's port answers; the document is made of this very list. */
export function adminRoutes(control: RepositoryControl): readonly AdminRoute[] {
  const routes: AdminRoute[] = [
    {
      method: 'POST',
      url: '/v2/repository/index',
      answer: async (_name, { ready = false }) => {
        checkFlag('ready', ready);
        return JSON.stringify(await control.index(ready === true));
      },
    },
    {
      method: 'POST',
      url: '/v2/repository/models/:name/load',
      answer: async (name, body) => {
        readParameters(
          body,
          [],
          'none, since a model comes from the repository as it lies there; put files and configuration into its folder',
        );
        await control.load(name);
        return '{}';
      },
    },
    {
      method: 'POST',
      url: '/v2/repository/models/:name/unload',
      answer: async (name, body) => {
        const { unload_dependents = false } = readParameters(
          body,
          ['unload_dependents'],
          'unload_dependents alone; leave the others out',
        );
        // No model depends on another, so either way there are no dependents.
        checkFlag('parameters: unload_dependents', unload_dependents);
        await control.unload(name);
        return '{}';
      },
    },
  ];
  const document = { method: 'GET', url: '/openapi.json' } as const;
  const text = JSON.stringify(openApiDocument([document, ...routes], adminPort, undefined));
  return [{ ...document, answer: () => Promise.resolve(text) }, ...routes];
}

/** @param expected what the sentence says of others than `known` */
function readParameters({ parameters = {} }: Body, known: readonly string[], expected: string): Body {
  const isObject = typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters);
  if (isObject && Object.keys(parameters).every((key) => known.includes(key))) return parameters as Body;
  throw new ProtocolError('malformed', `parameters: expected ${expected}`);
}

function checkFlag(where: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  const got = JSON.stringify(value).slice(0, 40);
  throw new ProtocolError('malformed', `${where}: expected true or false, got ${got}; correct it`);
}
