import { z } from 'zod';
import { datatypes } from '@onda/protocol';

/** The schemas of the OpenAPI document's components, by their names there. */
export const components = z.registry<{ id: string }>();

function component<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id });
  return schema;
}

const count = z.int().min(0);
/** Numbers in as many levels of arrays as the tensor has dims, or flat; strings for BYTES. */
const data = z.array(z.union([z.number(), z.string(), z.boolean(), z.array(z.unknown())]));
const parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const tensor = z.object({
  name: z.string(),
  shape: z.array(count),
  datatype: z.enum([...new Set(Object.values(datatypes))]),
  parameters: parameters.optional(),
  data: data.optional(),
});
const tensorMetadata = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int().min(-1)),
});
const duration = z.object({ count, ns: count });
const seed = z.union([z.int(), z.string()]);

export const ErrorBody = component(
  'Error',
  z.object({ error: z.string().describe('Where, what was expected, what came, and what to do.') }),
);
export const Live = component('Live', z.object({ live: z.boolean() }));
export const Ready = component('Ready', z.object({ ready: z.boolean() }));
export const ModelReady = component('ModelReady', z.object({ name: z.string(), ready: z.boolean() }));
export const ServerMetadata = component(
  'Server',
  z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) }),
);
export const ModelList = component(
  'Models',
  z.object({
    models: z.array(
      z.object({
        name: z.string(),
        version: z.string().nullable(),
        ready: z.boolean(),
        generate: z.boolean(),
      }),
    ),
  }),
);
export const ModelMetadata = component(
  'ModelMetadata',
  z.object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(tensorMetadata),
    outputs: z.array(tensorMetadata),
  }),
);
export const ModelConfig = component(
  'ModelConfig',
  z
    .looseObject({
      name: z.string(),
      platform: z.string().optional(),
      backend: z.string().optional(),
      max_batch_size: count.optional(),
    })
    .describe("Triton's ModelConfig as JSON."),
);
export const ModelStatistics = component(
  'ModelStatistics',
  z.object({
    model_stats: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        last_inference: count.describe('Milliseconds since 1970; 0: none yet.'),
        inference_count: count,
        execution_count: count,
        inference_stats: z.object({
          success: duration,
          fail: duration,
          queue: duration,
          compute_input: duration,
          compute_infer: duration,
          compute_output: duration,
          cache_hit: duration,
          cache_miss: duration,
        }),
        batch_stats: z.array(z.looseObject({})),
      }),
    ),
  }),
);
export const InferRequest = component(
  'InferRequest',
  z.looseObject({
    id: z.string().optional(),
    parameters: parameters.optional(),
    inputs: z.array(tensor),
    outputs: z.array(z.object({ name: z.string(), parameters: parameters.optional() })).optional(),
  }),
);
export const InferResponse = component(
  'InferResponse',
  z.object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    parameters: parameters.optional(),
    outputs: z.array(tensor),
  }),
);
export const GenerateRequest = component(
  'GenerateRequest',
  z.looseObject({
    prompt: data.optional(),
    samples: z.int().min(1),
    state: data.optional(),
    return_state: z.boolean().optional(),
    seed: seed.optional().describe('For a model that samples; chosen and reported if missing.'),
    noise: data.optional().describe('The noise values, for a model with a noise input.'),
    sequence_id: z
      .union([z.string(), z.int()])
      .optional()
      .describe('Continues a live sequence, without a prompt.'),
  }),
);
export const GenerateResponse = component(
  'GenerateResponse',
  z.object({
    model_name: z.string(),
    model_version: z.string(),
    values: data,
    state: data.optional(),
    seed: seed.optional(),
  }),
);
/** One server-sent event, as OpenAPI 3.2 describes streams. */
export const SamplesEvent = component(
  'SamplesEvent',
  z.object({
    event: z.enum(['message', 'error']).optional(),
    data: z.string().meta({ contentMediaType: 'application/json' }),
  }),
);
export const SequenceCounts = component(
  'Sequences',
  z.object({ live: count, most: count, started: count, ended: count, expired: count }),
);
export const SequenceDocument = component(
  'SequenceDocument',
  z.object({
    format: z.literal('onda-sequence-1'),
    model: z.string(),
    file_sha256: z.string(),
    steps: z.int().min(1),
    samples: z.int().min(1),
    row: z.string().meta({ contentEncoding: 'base64' }),
  }),
);
export const SequenceImported = component(
  'SequenceImported',
  z.object({
    sequence_id: z.string(),
    sequence_step: count,
    sequence_samples: count,
    sequence_expires_in_ms: count,
  }),
);
export const OpenApiDocument = component('Document', z.looseObject({}).describe('OpenAPI 3.1.'));

/** The path of a sequence. */
export const SequencePath = z.object({
  name: z.string(),
  version: z.string().optional(),
  id: z.string().max(128, {
    error: ({ input }) => `expected at most 128 characters, got ${(input as string).length}; shorten it`,
  }),
});

const flag = z.boolean({
  error: ({ input }) => `expected true or false, got ${JSON.stringify(input).slice(0, 40)}; correct it`,
});

export const IndexRequest = component(
  'IndexRequest',
  z.looseObject({ ready: flag.default(false).describe('Lists only models that are ready.') }),
);
export const RepositoryIndex = component(
  'RepositoryIndex',
  z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      state: z.enum(['READY', 'UNAVAILABLE', '']),
      reason: z.string(),
    }),
  ),
);
export const LoadRequest = component(
  'LoadRequest',
  z.looseObject({
    parameters: z
      .strictObject(
        {},
        {
          error: 'expected none, since a model is loaded from its folder; put files and configuration there',
        },
      )
      .optional()
      .describe('None: a model is loaded from its folder of the repository.'),
  }),
);
export const UnloadRequest = component(
  'UnloadRequest',
  z.looseObject({
    parameters: z
      .strictObject(
        { unload_dependents: flag.optional() },
        { error: 'expected unload_dependents only; remove the others' },
      )
      .optional()
      .describe('unload_dependents has no effect: no model depends on another.'),
  }),
);
export const Nothing = component('Nothing', z.strictObject({}));
