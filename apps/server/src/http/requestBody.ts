import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProtocolError } from '@onda/protocol';
import { compressions, decompress, isCompression } from '@onda/grpc-server';
import type { Compression } from '@onda/grpc-server';

/**
 * Reads every body as bytes, whatever its content type: tritonclient sends none, and a type proves nothing. A compressed body is
 * decompressed up to the body limit of its route.
 */
export function addBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer) => {
    const packing = request.headers['content-encoding'] ?? '';
    return isCompression(packing) ? unpackBody(request, body, packing) : Promise.resolve(body);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity' || isCompression(encoding)) {
      done();
      return;
    }
    done(
      new ProtocolError(
        'unsupported-media',
        `Content-Encoding: expected ${compressions.join(' or ')}, got ${JSON.stringify(encoding.slice(0, 40))}; use one of them or none`,
      ),
    );
  });
}

async function unpackBody(request: FastifyRequest, body: Buffer, packing: Compression): Promise<Buffer> {
  const { bodyLimit } = request.routeOptions;
  const unpacked = await decompress(body, packing, bodyLimit);
  if (unpacked === 'too-large') {
    throw new ProtocolError(
      'too-large',
      `the body: expected at most ${bodyLimit} bytes once it is unpacked, got more; send fewer samples at a time`,
    );
  }
  if (unpacked === 'corrupt') {
    throw new ProtocolError(
      'malformed',
      `the body: expected bytes of ${packing} as Content-Encoding says, got others; compress it or leave the header out`,
    );
  }
  return unpacked;
}

const nothing = new Uint8Array(0);

/** The body's bytes; none for a request without a body. */
export function requestBody(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : nothing;
}
