import { isNetManifest, modelFiles } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { ModelRepository, Serving } from '@onda/serving';
import type { FastifyInstance } from 'fastify';
import { addModelRoutes, addRoutes } from '../http/addRoute.ts';
import type { ModelParams } from '../http/addRoute.ts';
import { sendJson } from '../http/replies.ts';
import { ModelConfig, ModelList, ModelMetadata, ModelStatistics, ServerMetadata } from '../http/schemas.ts';
import { serverDescription } from '../serverDescription.ts';

/** Metadata, configuration, statistics and files of the service and its models. */
export function addModels(app: FastifyInstance, serving: Serving): void {
  const { repository } = serving;
  const server = JSON.stringify(serverDescription);
  addRoutes(app, '/v2', {
    GET: {
      docs: { operationId: 'server', summary: 'Server metadata.', response: ServerMetadata },
      handler: (_request, reply) => sendJson(reply, server),
    },
  });
  // An extension of Onda: the protocol has no list of models, and the browser app needs one.
  addRoutes(app, '/v2/models', {
    GET: {
      docs: { operationId: 'models', summary: 'All models. An extension of Onda.', response: ModelList },
      handler: (_request, reply) => sendJson(reply, JSON.stringify({ models: modelList(repository) })),
    },
  });
  addModelRoutes(app, '', {
    GET: {
      docs: { operationId: 'model', summary: 'Model metadata.', response: ModelMetadata },
      handler: (request, reply) => {
        const { name, version } = request.params as ModelParams;
        return sendJson(reply, repository.metadata(name, version));
      },
    },
  });
  addModelRoutes(app, '/config', {
    GET: {
      docs: { operationId: 'config', summary: "A model's configuration.", response: ModelConfig },
      handler: (request, reply) => {
        const { name, version } = request.params as ModelParams;
        return sendJson(reply, repository.find(name, version).config);
      },
    },
  });
  addStatistics(app, serving);
  addFiles(app, repository);
}

/** Triton's statistics extension; without a version, of all served versions. */
function addStatistics(app: FastifyInstance, serving: Serving): void {
  addRoutes(app, '/v2/models/stats', {
    GET: {
      docs: {
        operationId: 'statistics',
        summary: 'Statistics of all models since the start.',
        response: ModelStatistics,
      },
      handler: (_request, reply) => sendJson(reply, JSON.stringify(serving.statistics())),
    },
  });
  addModelRoutes(app, '/stats', {
    GET: {
      docs: {
        operationId: 'modelStatistics',
        summary: 'Statistics of a model since the start.',
        response: ModelStatistics,
      },
      handler: (request, reply) => {
        const { name, version } = request.params as ModelParams;
        return sendJson(reply, JSON.stringify(serving.statistics(name, version)));
      },
    },
  });
}

/** The files of a model as they were read and verified when it was loaded, for the browser app. A file name never becomes a path. */
function addFiles(app: FastifyInstance, repository: ModelRepository): void {
  addModelRoutes(app, '/files/:file', {
    GET: {
      docs: {
        operationId: 'file',
        summary: 'A file of a model. An extension of Onda.',
        response: null,
        others: { 304: null },
      },
      handler: (request, reply) => {
        const { name, version, file } = request.params as ModelParams & { file: string };
        const model = repository.find(name, version);
        const found = model.files.get(file);
        if (found === undefined) {
          throw new ProtocolError(
            'not-found',
            `model "${model.name}": expected one of ${[...model.files.keys()].join(', ')}, got ${JSON.stringify(file.slice(0, 100))}; request one of them`,
          );
        }
        // A new version has another hash, so a browser may cache the file as long as it revalidates.
        const tag = `"${found.sha256}"`;
        reply.header('etag', tag).header('cache-control', 'no-cache');
        if (request.headers['if-none-match'] === tag) return reply.code(304).send();
        const type =
          file === modelFiles.manifest ? 'application/json; charset=utf-8' : 'application/octet-stream';
        return reply
          .header('content-type', type)
          .send(Buffer.from(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength));
      },
    },
  });
  // The models that the browser app can load, and their URLs. A static site has this list as a file.
  addRoutes(app, '/models/index.json', {
    GET: {
      handler: (_request, reply) => {
        const models = repository.served
          .filter(({ manifest }) => manifest !== null && isNetManifest(manifest))
          .map(({ name, version }) => ({
            name,
            version,
            ready: true,
            files: `v2/models/${encodeURIComponent(name)}/versions/${version}/files/`,
          }));
        return sendJson(reply, JSON.stringify({ models }));
      },
    },
  });
}

interface ListedModel {
  name: string;
  version: string | null;
  ready: boolean;
  generate: boolean;
}

function modelList({ served, broken }: ModelRepository): ListedModel[] {
  return [
    ...served.map(({ name, version, generator }) => ({
      name,
      version,
      ready: true,
      generate: generator !== null,
    })),
    ...broken.map(({ name }) => ({ name, version: null, ready: false, generate: false })),
  ];
}
