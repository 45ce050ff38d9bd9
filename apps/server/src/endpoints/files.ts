import { modelFiles } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance } from 'fastify';
import { addModelRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import type { Service } from '../service.ts';

/**
 * `GET /v2/models/{name}[/versions/{version}]/files/{file}`: the model's files as they were read and checked at the start,
 * for the page, which runs them in the browser. The name is looked up among them and never becomes a path.
 */
export function addFiles(app: FastifyInstance, service: Service): void {
  addModelRoute(app, 'GET', '/files/:file', (request, reply) => {
    const { name, version, file } = request.params as ModelParams & { file: string };
    const model = service.repository.find(name, version);
    const found = model.files.get(file);
    if (found === undefined) {
      throw new ProtocolError(
        'not-found',
        `model "${model.name}": expected one of ${[...model.files.keys()].join(', ')}, got ${JSON.stringify(file.slice(0, 100))}; ask for one of them`,
      );
    }
    // A new version has another hash, so a browser may keep the file as long as it asks.
    const tag = `"${found.sha256}"`;
    reply.header('etag', tag).header('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
    const type =
      file === modelFiles.manifest ? 'application/json; charset=utf-8' : 'application/octet-stream';
    return reply
      .header('content-type', type)
      .send(Buffer.from(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength));
  });
}
