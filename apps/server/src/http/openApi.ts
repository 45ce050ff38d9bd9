import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { datatypes } from '@onda/protocol';
import type { ServedModel } from '@onda/serving';
import { serverVersion } from '../serverDescription.ts';
import type { RouteDocs } from './addRoute.ts';
import { addRoutes } from './addRoute.ts';
import { sendJson } from './replies.ts';
import { components, ErrorBody, OpenApiDocument, SamplesEvent } from './schemas.ts';

/** One port's document. */
interface DocumentOptions {
  description: string;
  /** Error statuses of every route. */
  errors: readonly number[];
  /** The model whose name and zeros are the examples. */
  exampleModel?: () => ServedModel | undefined;
}

const reasons: Readonly<Record<number, string>> = {
  304: 'Not modified.',
  400: 'The request is invalid.',
  401: 'The token is missing or unknown.',
  403: 'The Host or Origin header is not allowed.',
  404: 'The model, version, sequence or file does not exist.',
  408: 'The request did not arrive in time.',
  409: 'The sequence exists already, or the step is out of order.',
  410: 'The sequence has ended or expired.',
  413: 'The body, or the requested result, is too large.',
  415: 'The Content-Encoding is unknown.',
  422: "The model's output is not finite.",
  429: 'The client exceeds its limits.',
  431: 'The headers are too large.',
  500: 'Internal error.',
  503: 'The service is overloaded or shutting down, or the model did not load; retry after Retry-After seconds.',
  504: 'The run exceeded its time limit and was stopped.',
};

const HEADER_LENGTH = 'Inference-Header-Content-Length';

/**
 * Serves the OpenAPI document of all documented routes of an app at `/openapi.json`. Its schemas are the zod schemas of the routes.
 * Call before the routes are added; a route without `docs` is left out.
 */
export async function addOpenApi(app: FastifyInstance, options: DocumentOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Onda',
        version: serverVersion,
        description: options.description,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
    },
    transform: ({ url, route }) => {
      const { docs } = route.config ?? {};
      const schema = docs ? operation(docs, url, [route.method].flat()[0], options.errors) : { hide: true };
      return { url, schema };
    },
  });
  let document: JsonObject | undefined;
  addRoutes(app, '/openapi.json', {
    GET: {
      docs: { operationId: 'document', summary: 'This document.', response: OpenApiDocument },
      handler: (_request, reply) => {
        document ??= withComponents(app.swagger() as JsonObject);
        return sendJson(reply, JSON.stringify(withExample(document, options.exampleModel?.())));
      },
    },
  });
}

type JsonObject = Record<string, unknown>;

const componentUri = (id: string): string => `#/components/schemas/${id}`;

function ref(schema: z.ZodType): JsonObject {
  return { $ref: componentUri(components.get(schema)?.id ?? '') };
}

/** The document with the schemas that it refers to. */
function withComponents(document: JsonObject): JsonObject {
  const references = JSON.stringify(document);
  const { schemas } = z.toJSONSchema(components, { uri: componentUri, io: 'input' });
  const used = Object.entries(schemas)
    .filter(([id]) => references.includes(`"${componentUri(id)}"`))
    .map(([id, schema]) => {
      delete schema.$id;
      delete schema.$schema;
      return [id, schema];
    });
  return { ...document, components: { schemas: Object.fromEntries(used) as JsonObject } };
}

/** A route's documentation as a fastify schema, for @fastify/swagger. */
function operation(
  { operationId, summary, body, binary, ...docs }: RouteDocs,
  url: string,
  method: string | undefined,
  always: readonly number[],
): JsonObject {
  const names = [...url.matchAll(/:([a-z]+)/g)].map(([, name]) => name);
  const parameter = { type: 'string', minLength: 1 };
  return {
    operationId: `${operationId}${names.includes('version') ? 'OfVersion' : ''}`,
    summary,
    ...(names.length === 0
      ? {}
      : {
          params: {
            type: 'object',
            properties: Object.fromEntries(names.map((name) => [name, parameter])),
            required: names,
          },
        }),
    ...(binary
      ? {
          headers: {
            type: 'object',
            properties: {
              [HEADER_LENGTH]: {
                type: 'integer',
                minimum: 1,
                description: 'Bytes of the JSON part of the body, before the bytes of the tensors.',
              },
            },
          },
        }
      : {}),
    ...(body === undefined ? {} : { body: { content: contents(ref(body), binary === true) } }),
    response: responses({ ...docs, binary }, [
      ...always,
      ...(names.length > 0 ? [404] : []),
      ...(method === 'GET' ? [] : [413]),
    ]),
  };
}

function responses(
  { response, binary, events, others = {}, errors = [] }: Omit<RouteDocs, 'operationId' | 'summary'>,
  common: readonly number[],
): JsonObject {
  const success = events
    ? { 'text/event-stream': { schema: ref(SamplesEvent) } }
    : response === null
      ? { '*/*': { schema: {} } }
      : contents(ref(response), binary === true);
  const result: JsonObject = {
    200: {
      description: 'Success.',
      ...(binary ? { headers: { [HEADER_LENGTH]: { type: 'integer' } } } : {}),
      content: success,
    },
  };
  for (const status of [...common, ...errors]) {
    result[status] = { description: reasons[status], content: contents(ref(ErrorBody), false) };
  }
  for (const [status, schema] of Object.entries(others)) {
    const description = reasons[Number(status)];
    result[status] =
      schema === null
        ? { description, type: 'null' }
        : { description, content: contents(ref(schema), false) };
  }
  return result;
}

function contents(schema: JsonObject, binary: boolean): JsonObject {
  const bytes = { type: 'string', description: 'JSON, followed by the bytes of the tensors.' };
  return {
    'application/json': { schema },
    ...(binary ? { 'application/octet-stream': { schema: bytes } } : {}),
  };
}

interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
}

/** A copy of the document whose parameters and bodies have examples that work for a served model. */
function withExample(document: JsonObject, model: ServedModel | undefined): JsonObject {
  if (model === undefined) return document;
  const copy = structuredClone(document);
  const { name, version } = model;
  const values: Readonly<Record<string, string>> = { name, version };
  const bodies = exampleBodies(model);
  for (const path of Object.values(copy.paths as Record<string, Record<string, Operation>>)) {
    for (const { parameters = [], requestBody } of Object.values(path)) {
      for (const parameter of parameters) {
        if (Object.hasOwn(values, parameter.name)) {
          Object.assign(parameter, { example: values[parameter.name] });
        }
      }
      const json = requestBody?.content['application/json'];
      const example = bodies[json?.schema.$ref ?? ''];
      if (example !== undefined) Object.assign(json ?? {}, { example });
    }
  }
  return copy;
}

/** Bodies of zeros by the reference of their schema; each dim without a fixed size is 1. */
function exampleBodies({ signature, generator }: ServedModel): Readonly<Record<string, object | undefined>> {
  const inputs = signature.inputs
    .filter(({ type }) => type === 'float32')
    .map(({ name, type, shape }) => {
      const dims = shape.map((dim) => (typeof dim === 'number' ? dim : 1));
      const length = dims.reduce((product, dim) => product * dim, 1);
      return { name, shape: dims, datatype: datatypes[type], data: Array.from({ length }, () => 0) };
    });
  const features = generator?.form.features;
  const sample = features === undefined ? 0 : Array.from({ length: features }, () => 0);
  return {
    [componentUri('InferRequest')]: inputs.length === signature.inputs.length ? { inputs } : undefined,
    [componentUri('GenerateRequest')]: generator
      ? { prompt: Array.from({ length: generator.least }, () => sample), samples: 3 }
      : undefined,
  };
}
