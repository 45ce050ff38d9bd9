import type { ByteBudget } from '@onda/contract';
import { compressions, decompress, isCompression } from '@onda/grpc-server';
import type { Compression } from '@onda/grpc-server';
import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Bodies up to this length are not counted: the number of connections bounds them. */
const UNCOUNTED_BYTES = 16 * 1024;

/** Bodies that are decompressed at a time, as many as Node's threads: each may take its route's body limit before its size is known. */
const MAX_DECOMPRESSIONS = 4;

/** Room in the budget for one request, released when its response is closed. */
class Reservation {
  readonly #budget: ByteBudget;
  readonly #address: string;
  #bytes = 0;
  #isClosed = false;

  constructor(budget: ByteBudget, { raw }: FastifyRequest, { raw: response }: FastifyReply) {
    this.#budget = budget;
    this.#address = raw.socket.remoteAddress ?? '';
    response.once('close', () => {
      this.#isClosed = true;
      budget.release(this.#bytes, this.#address);
    });
  }

  /** @throws ProtocolError 503 without room */
  reserve(bytes: number): void {
    if (this.#isClosed) return;
    if (!this.#budget.reserve(bytes, this.#address)) {
      throw new ProtocolError(
        'unavailable',
        'the body: expected free memory for request bodies, got none, since open requests of this client or of all clients use it; retry after 1 s',
      );
    }
    this.#bytes += bytes;
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** undefined: the body is small and not compressed. */
    reservation: Reservation | undefined;
  }
}

/**
 * Reads every body as bytes, whatever its content type: tritonclient sends none, and the content type is not reliable. A compressed body is
 * decompressed up to the body limit of its route.
 *
 * Room for a body is reserved in the budget before it is read, by its declared length, or else by the limit.
 */
export function addBodyParser(app: FastifyInstance, budget: ByteBudget): void {
  app.decorateRequest('reservation', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    // fastify reads no body of GET and HEAD.
    if (request.method === 'GET' || request.method === 'HEAD') {
      done();
      return;
    }
    const { 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers;
    try {
      checkEncoding(encoding);
      const { bodyLimit } = request.routeOptions;
      const isChunked = request.headers['transfer-encoding'] !== undefined;
      const bytes = isChunked ? bodyLimit : Number(length ?? 0);
      if (bytes > UNCOUNTED_BYTES || encoding !== 'identity') {
        request.reservation = new Reservation(budget, request, reply);
        // A body above the limit is rejected without being read.
        if (bytes <= bodyLimit) request.reservation.reserve(bytes);
      }
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  });
  const decompressions = new Slots(MAX_DECOMPRESSIONS);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const encoding = request.headers['content-encoding'] ?? '';
    if (!isCompression(encoding)) return body;
    return decompressions.run(async () => {
      const bytes = await decompressBody(body, encoding, request.routeOptions.bodyLimit);
      request.reservation?.reserve(bytes.length);
      return bytes;
    });
  });
}

function checkEncoding(encoding: string): void {
  if (encoding === 'identity' || isCompression(encoding)) return;
  throw new ProtocolError(
    'unsupported-media',
    `Content-Encoding: expected ${compressions.join(' or ')}, got ${JSON.stringify(encoding.slice(0, 40))}; use one of them or none`,
  );
}

async function decompressBody(body: Buffer, encoding: Compression, limit: number): Promise<Buffer> {
  const bytes = await decompress(body, encoding, limit);
  if (bytes === 'too-large') {
    throw new ProtocolError(
      'too-large',
      `the body: expected at most ${limit} bytes after decompression, got more; send fewer samples at a time`,
    );
  }
  if (bytes === 'corrupt') {
    throw new ProtocolError(
      'malformed',
      `the body: expected ${encoding} as in Content-Encoding, got other bytes; compress it or remove the header`,
    );
  }
  return bytes;
}

/** Runs a bounded number of tasks at a time; the others wait in order. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

const nothing = new Uint8Array(0);

/** The body's bytes; none for a request without a body. */
export function requestBody(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : nothing;
}
