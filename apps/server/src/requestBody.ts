import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProtocolError } from '@onda/protocol';

/**
 * Takes every body as bytes, whatever its content type says: tritonclient sends none, and a type proves nothing. Compressed
 * bodies are refused, so that a small body cannot become a large one.
 */
export function addBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') {
      done();
      return;
    }
    done(
      new ProtocolError(
        'unsupported-media',
        `Content-Encoding: expected none, got ${JSON.stringify(encoding.slice(0, 40))}; send the body uncompressed`,
      ),
    );
  });
}

const nothing = new Uint8Array(0);

/** The body's bytes; none for a request without a body. */
export function requestBody(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : nothing;
}
