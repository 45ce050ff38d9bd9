import { serverVersion } from '../serverVersion.ts';
import { modelPaths } from '../addRoute.ts';
import type { Example } from './example.ts';
import type { Described, Operation } from './operation.ts';
import { ref, schemas } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** A route as it was registered: `GET`, `/v2/models/:name/infer`. */
export interface Registered {
  method: string;
  url: string;
}

const reasons: Readonly<Record<number, string>> = {
  400: 'The request makes no sense; the sentence says why.',
  401: 'Tokens are asked for.',
  403: 'A page of another origin asks.',
  404: 'There is no such model, version, sequence or file.',
  408: 'The request did not arrive in time.',
  409: 'A sequence that lives already is started, or a step comes out of turn.',
  410: 'The sequence has ended or was forgotten.',
  413: 'The body, or what it asks for, is too large.',
  415: 'The body is compressed in a way that is not known.',
  422: "The model's answer is not finite.",
  429: 'One client asks for more than its share.',
  431: 'The headers are too large.',
  500: 'A defect of the service.',
  503: 'The service is busy, stops, or the model did not load; try again after Retry-After seconds.',
};

/**
 * The OpenAPI document of the routes that were registered.
 *
 * @param example of a model
 * @throws Error for a route without an operation, and for an operation without a route: the document must not drift
 */
export function openApiDocument(
  routes: readonly Registered[],
  { says, operations, always }: Described,
  example: Example | undefined,
): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const described = new Set<string>();
  for (const { method, url } of routes) {
    const key = keyOf(method, url);
    if (!Object.hasOwn(operations, key)) throw new Error(`openapi: ${key} has no operation`);
    described.add(key);
    const path = url.replaceAll(/:([a-z]+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: operation(operations[key], { method, url }, always, example),
    };
  }
  const lost = Object.keys(operations).find((key) => !described.has(key));
  if (lost !== undefined) throw new Error(`openapi: ${lost} has no route`);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Onda',
      version: serverVersion,
      description: says,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { schemas },
  };
}

function keyOf(method: string, url: string): string {
  // The longer path first: the shorter one begins it.
  const model = [...modelPaths].reverse().find((path) => url === path || url.startsWith(`${path}/`));
  return `${method} ${model === undefined ? url : `{model}${url.slice(model.length)}`}`;
}

function operation(
  described: Operation,
  { method, url }: Registered,
  always: readonly number[],
  example: Example | undefined,
): Json {
  const { id, says, takes, binary } = described;
  const versioned = url.includes(':version') ? 'OfVersion' : '';
  const parameters = [...url.matchAll(/:([a-z]+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
    ...exampleField((example as Partial<Record<string, unknown>> | undefined)?.[name]),
  }));
  return {
    operationId: `${id}${versioned}`,
    summary: says,
    parameters: [...parameters, ...(binary ? [headerLength(false)] : [])],
    ...(takes === undefined
      ? {}
      : {
          requestBody: {
            required: described.bodyOptional !== true,
            content: contents(ref(takes), binary === true, example?.bodies[takes]),
          },
        }),
    responses: responses(described, { method, url }, always),
  };
}

function responses(
  { gives, binary, events, others = {}, errors = [] }: Operation,
  { method, url }: Registered,
  always: readonly number[],
): Json {
  const hasBody = method !== 'GET';
  const statuses = [
    ...always,
    ...(url.includes(':') ? [404] : []),
    ...(hasBody ? [413] : []),
    ...errors,
  ].sort((a, b) => a - b);
  const result: Record<string, Json> = {
    200: {
      description: 'Done.',
      ...(binary ? { headers: { 'Inference-Header-Content-Length': { schema: { type: 'integer' } } } } : {}),
      content:
        gives === null
          ? { '*/*': {} }
          : events
            ? { 'text/event-stream': { schema: ref('SamplesEvent') } }
            : contents(ref(gives), binary === true),
    },
  };
  for (const status of statuses) {
    result[status] = {
      description: reasons[status],
      content: { 'application/json': { schema: ref('Error') } },
    };
  }
  for (const [status, schema] of Object.entries(others)) {
    result[status] =
      schema === null
        ? { description: 'Nothing has changed.' }
        : { description: 'Not now.', content: { 'application/json': { schema: ref(schema) } } };
  }
  return result;
}

function exampleField(example: unknown): Json {
  return example === undefined ? {} : { example };
}

function contents(schema: Json, binary: boolean, example?: object): Json {
  return {
    'application/json': { schema, ...exampleField(example) },
    ...(binary
      ? {
          'application/octet-stream': {
            schema: { type: 'string', description: 'JSON, and after it the bytes of the tensors.' },
          },
        }
      : {}),
  };
}

function headerLength(required: boolean): Json {
  return {
    name: 'Inference-Header-Content-Length',
    in: 'header',
    required,
    schema: { type: 'integer', minimum: 1 },
    description: 'Bytes of the JSON part, where tensors follow as bytes.',
  };
}
