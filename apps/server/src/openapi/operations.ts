import type { Described, Operation } from './operation.ts';

const generates: Pick<Operation, 'takes' | 'gives' | 'errors'> = {
  takes: 'GenerateRequest',
  gives: 'GenerateResponse',
  errors: [409, 410, 422],
};

/** Every route of the service's port. */
const operations: Readonly<Record<string, Operation>> = {
  'GET /openapi.json': { id: 'document', says: 'This document.', gives: 'Document' },
  'GET /v2': { id: 'server', says: 'What the service is.', gives: 'Server' },
  'GET /v2/health/live': {
    id: 'live',
    says: 'Whether the process is worth keeping.',
    gives: 'Live',
    others: { 503: 'Live' },
  },
  'GET /v2/health/ready': {
    id: 'ready',
    says: 'Whether to send requests here.',
    gives: 'Ready',
    others: { 503: 'Ready' },
  },
  'GET /v2/models': { id: 'models', says: 'The models. An endpoint of Onda.', gives: 'Models' },
  'GET /v2/models/stats': {
    id: 'statistics',
    says: 'What every model has done since the start.',
    gives: 'ModelStatistics',
  },
  'GET {model}': { id: 'model', says: 'What a model takes and gives.', gives: 'ModelMetadata' },
  'GET {model}/config': { id: 'config', says: "A model's configuration.", gives: 'ModelConfig' },
  'GET {model}/ready': {
    id: 'modelReady',
    says: 'Whether a model answers.',
    gives: 'ModelReady',
  },
  'GET {model}/stats': {
    id: 'modelStatistics',
    says: 'What a model has done since the start.',
    gives: 'ModelStatistics',
  },
  'POST {model}/infer': {
    id: 'infer',
    says: 'Runs a model once, or a step of a sequence.',
    takes: 'InferRequest',
    gives: 'InferResponse',
    binary: true,
    errors: [409, 410, 422],
  },
  'POST {model}/generate': {
    id: 'generate',
    says: 'The samples after a prompt. An endpoint of Onda.',
    ...generates,
  },
  'POST {model}/generate_stream': {
    id: 'generateStream',
    says: 'The samples after a prompt as they are made: an event for each piece, `data:` and a line of JSON.',
    ...generates,
    events: true,
  },
  'GET {model}/sequences': {
    id: 'sequences',
    says: 'How many sequences live. An endpoint of Onda.',
    gives: 'Sequences',
  },
  'GET {model}/sequences/:id': {
    id: 'exportSequence',
    says: 'A live sequence, to go on from elsewhere. An endpoint of Onda.',
    gives: 'SequenceDocument',
    errors: [410],
  },
  'PUT {model}/sequences/:id': {
    id: 'importSequence',
    says: 'Takes a sequence that another service gave. An endpoint of Onda.',
    takes: 'SequenceDocument',
    gives: 'SequenceTaken',
    errors: [409],
  },
  'GET {model}/files/:file': {
    id: 'file',
    says: 'A file of a model, for a browser. An endpoint of Onda.',
    gives: null,
    others: { 304: null },
  },
};

export const servicePort: Described = {
  says: 'The Open Inference Protocol v2, with extensions of Triton and of Onda.',
  operations,
  always: [400, 401, 403, 408, 415, 429, 431, 500, 503],
};
