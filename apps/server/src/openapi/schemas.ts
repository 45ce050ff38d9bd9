import { datatypes } from '@onda/protocol';

type Schema = Readonly<Record<string, unknown>>;

const string: Schema = { type: 'string' };
const boolean: Schema = { type: 'boolean' };
const count: Schema = { type: 'integer', minimum: 0 };

/** A reference to one of `schemas`. */
export function ref(name: keyof typeof schemas): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function object(
  properties: Record<string, Schema>,
  required: readonly string[] = Object.keys(properties),
): Schema {
  return { type: 'object', properties, required };
}

function list(items: Schema): Schema {
  return { type: 'array', items };
}

/** Numbers in as many levels of arrays as the tensor has dims, or flat; strings for BYTES. */
const data: Schema = { type: 'array', items: { type: ['number', 'string', 'boolean', 'array'] } };
const shape = list(count);
const parameters: Schema = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
};
const datatype: Schema = { type: 'string', enum: [...new Set(Object.values(datatypes))] };
const tensorMetadata = object({
  name: string,
  datatype: string,
  shape: list({ type: 'integer', minimum: -1 }),
});
const duration = object({ count, ns: count });

/** What goes in and out, by the names that the operations use. */
export const schemas = {
  Error: object({ error: { ...string, description: 'What was expected, what came, and what to do.' } }),
  Live: object({ live: boolean }),
  Ready: object({ ready: boolean }),
  ModelReady: object({ name: string, ready: boolean }),
  Server: object({ name: string, version: string, extensions: list(string) }),
  Models: object({
    models: list(
      object({ name: string, version: { type: ['string', 'null'] }, ready: boolean, generate: boolean }),
    ),
  }),
  ModelMetadata: object({
    name: string,
    versions: list(string),
    platform: string,
    inputs: list(tensorMetadata),
    outputs: list(tensorMetadata),
  }),
  ModelConfig: {
    ...object({ name: string, platform: string, backend: string, max_batch_size: count }, ['name']),
    description: "Triton's ModelConfig as JSON.",
  },
  ModelStatistics: object({
    model_stats: list(
      object({
        name: string,
        version: string,
        last_inference: { ...count, description: 'Milliseconds since 1970; 0: none yet.' },
        inference_count: count,
        execution_count: count,
        inference_stats: object({
          success: duration,
          fail: duration,
          queue: duration,
          compute_input: duration,
          compute_infer: duration,
          compute_output: duration,
          cache_hit: duration,
          cache_miss: duration,
        }),
        batch_stats: list({ type: 'object' }),
      }),
    ),
  }),
  InferRequest: object(
    {
      id: string,
      parameters,
      inputs: list(
        object({ name: string, shape, datatype, parameters, data }, ['name', 'shape', 'datatype']),
      ),
      outputs: list(object({ name: string, parameters }, ['name'])),
    },
    ['inputs'],
  ),
  InferResponse: object(
    {
      model_name: string,
      model_version: string,
      id: string,
      parameters,
      outputs: list(
        object({ name: string, shape, datatype, parameters, data }, ['name', 'shape', 'datatype']),
      ),
    },
    ['model_name', 'model_version', 'outputs'],
  ),
  GenerateRequest: object(
    {
      prompt: data,
      samples: { type: 'integer', minimum: 1 },
      state: data,
      return_state: boolean,
      seed: {
        type: ['integer', 'string'],
        description: 'Of a model that draws its values; one is chosen and told if left out.',
      },
      noise: { ...data, description: 'The draws themselves, of a model that takes noise.' },
      sequence_id: {
        type: ['string', 'integer'],
        description: 'Goes on from a live sequence, without a prompt.',
      },
    },
    ['samples'],
  ),
  GenerateResponse: object(
    {
      model_name: string,
      model_version: string,
      values: data,
      state: data,
      seed: { type: ['integer', 'string'] },
    },
    ['model_name', 'model_version', 'values'],
  ),
  Sequences: object({ live: count, most: count, started: count, ended: count, expired: count }),
  SequenceDocument: object({
    format: { const: 'onda-sequence-1' },
    model: string,
    file_sha256: string,
    steps: { type: 'integer', minimum: 1 },
    samples: { type: 'integer', minimum: 1 },
    row: { ...string, contentEncoding: 'base64' },
  }),
  SequenceTaken: object({
    sequence_id: string,
    sequence_step: count,
    sequence_samples: count,
    sequence_expires_in_ms: count,
  }),
  /** Of one event of a stream: tools that know server-sent events read the schema so, as OpenAPI 3.2 says it. */
  SamplesEvent: object(
    {
      event: { type: 'string', enum: ['message', 'error'] },
      data: { ...string, contentMediaType: 'application/json' },
    },
    ['data'],
  ),
  IndexRequest: object({ ready: { ...boolean, description: 'true leaves out what does not answer.' } }, []),
  RepositoryIndex: list(
    object({
      name: string,
      version: string,
      state: { type: 'string', enum: ['READY', 'UNAVAILABLE', ''] },
      reason: string,
    }),
  ),
  LoadRequest: object(
    {
      parameters: {
        type: 'object',
        maxProperties: 0,
        description: 'None: a model comes from the repository as it lies there.',
      },
    },
    [],
  ),
  UnloadRequest: object(
    {
      parameters: {
        ...object({ unload_dependents: boolean }, []),
        description: 'No model depends on another here, so it changes nothing.',
      },
    },
    [],
  ),
  Nothing: { type: 'object', maxProperties: 0 },
  Document: { type: 'object', description: 'OpenAPI 3.1.' },
} as const satisfies Record<string, Schema>;
