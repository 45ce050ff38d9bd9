import type { Described } from './operation.ts';

/** What the admin's own port answers. */
export const adminPort: Described = {
  says: "Triton's model repository extension: which models are loaded.",
  operations: {
    'GET /openapi.json': { id: 'document', says: 'This document.', gives: 'Document' },
    'POST /v2/repository/index': {
      id: 'index',
      says: 'The models that lie in the repository, and how each does.',
      takes: 'IndexRequest',
      bodyOptional: true,
      gives: 'RepositoryIndex',
    },
    'POST /v2/repository/models/:name/load': {
      id: 'load',
      says: 'Loads a model of the repository, or loads it again if it has changed. 400 tells why it does not load.',
      takes: 'LoadRequest',
      bodyOptional: true,
      gives: 'Nothing',
    },
    'POST /v2/repository/models/:name/unload': {
      id: 'unload',
      says: 'Takes a model away; requests and sequences that are on it end as they would have.',
      takes: 'UnloadRequest',
      bodyOptional: true,
      gives: 'Nothing',
    },
  },
  always: [400, 401, 403, 408, 431, 500],
};
