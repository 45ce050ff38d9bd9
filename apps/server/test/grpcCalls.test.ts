import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { deflateSync, gzipSync } from 'node:zlib';
import { createRandom } from '@onda/series';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { floatsOf } from './support/grpcClient.ts';
import type { InferAnswer, StreamAnswer } from './support/grpcClient.ts';
import { framed, ModelInfer, ModelStreamInfer, stateless } from './support/grpcWire.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const INFER = ModelInfer.path;
const STREAM = ModelStreamInfer.path;

let service: ServiceProcess;
let session: ClientHttp2Session;

beforeAll(async () => {
  service = await startService(undefined, ['--grpc-port', '0']);
  session = connect(`http://${service.ready.grpc ?? ''}`);
});
afterAll(async () => {
  session.destroy();
  await service.stop();
});
afterEach(() => {
  expect(service.stderr()).not.toContain('    at ');
});

interface Answer {
  status: number;
  code: string;
  message: string;
  fields: IncomingHttpHeaders;
  body: Buffer;
}

/** A call by Node's own HTTP/2: its body in the pieces that are given. */
function call(path: string, parts: readonly Uint8Array[], headers: object = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let fields: IncomingHttpHeaders = {};
    const body: Buffer[] = [];
    request.on('response', (response) => (fields = response));
    request.on('trailers', (trailers: IncomingHttpHeaders) => (fields = { ...fields, ...trailers }));
    request.on('data', (part: Buffer) => body.push(part));
    request.on('error', reject);
    request.on('close', () => {
      resolve({
        status: Number(fields[':status']),
        code: String(fields['grpc-status'] ?? ''),
        message: decodeURIComponent(String(fields['grpc-message'] ?? '')),
        fields,
        body: Buffer.concat(body),
      });
    });
    for (const part of parts) request.write(part);
    request.end();
  });
}

const answerOf = (body: Buffer): InferAnswer =>
  ModelInfer.responseDeserialize(body.subarray(5)) as InferAnswer;

describe('a call over HTTP/2', () => {
  it('is served however it is fragmented, next to other calls', async () => {
    const random = createRandom(5);
    const lengths = Array.from({ length: 60 }, (_, index) =>
      index % 20 === 19 ? 60_000 : 1 + random.int(300),
    );
    const answers = lengths.map(async (length) => {
      const values = Array.from({ length }, () => Math.fround(random.next()));
      const bytes = framed(stateless(values));
      const parts: Buffer[] = [];
      for (let at = 0; at < bytes.length;) {
        const size = 1 + random.int(Math.max(10, length));
        parts.push(bytes.subarray(at, at + size));
        at += size;
      }
      const padded = random.int(2) === 0 ? { 'x-padding': 'a'.repeat(random.int(2000)) } : {};
      const answer = await call(INFER, parts, padded);
      expect([answer.status, answer.code, answer.message]).toEqual([200, '0', '']);
      const { outputs, raw_output_contents: raw } = answerOf(answer.body);
      expect(outputs.map(({ name, shape }) => [name, shape.map(Number)])).toEqual([
        ['y', [1, length, 1]],
        ['state_out', [1, 32]],
      ]);
      expect(floatsOf(raw[0]).every(Number.isFinite)).toBe(true);
    });
    await Promise.all(answers);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ])('decompresses %s, and accepts uncompressed messages beside it', async (encoding, pack) => {
    const message = stateless([0.5]);
    const plain = await call(INFER, [framed(message)]);
    for (const parts of [[framed(pack(message), 1)], [framed(message)]]) {
      expect((await call(INFER, parts, { 'grpc-encoding': encoding })).body).toEqual(plain.body);
    }
  });

  it('keeps the order of a stream in which some messages are compressed', async () => {
    const request = ModelInfer.requestDeserialize(stateless([0.5]));
    const message = (id: string): Buffer => ModelInfer.requestSerialize({ ...request, id });
    const parts = Array.from({ length: 20 }, (_, id) =>
      id % 3 === 0 ? framed(gzipSync(message(`${id}`)), 1) : framed(message(`${id}`)),
    );
    const { code, body } = await call(STREAM, [Buffer.concat(parts)], { 'grpc-encoding': 'gzip' });
    expect(code).toBe('0');
    const ids: string[] = [];
    for (let at = 0; at < body.length;) {
      const end = at + 5 + body.readUInt32BE(at + 1);
      const { infer_response: answer } = ModelStreamInfer.responseDeserialize(
        body.subarray(at + 5, end),
      ) as StreamAnswer;
      ids.push(answer.id);
      at = end;
    }
    expect(ids).toEqual(parts.map((_, id) => `${id}`));
  });

  it.each<[name: string, path: string, parts: Uint8Array[], headers: object, code: string, message: string]>([
    [
      'an unknown method',
      '/a/b',
      [],
      {},
      '12',
      '/a/b: the service has no such method; its .proto files list those it has',
    ],
    [
      'an unknown encoding',
      INFER,
      [],
      { 'grpc-encoding': 'br' },
      '12',
      'grpc-encoding: expected gzip, deflate or identity, got "br"; use one of them',
    ],
    [
      'a malformed timeout',
      INFER,
      [],
      { 'grpc-timeout': '1 S' },
      '3',
      'grpc-timeout: expected up to 8 digits and one of H, M, S, m, u, n, got "1 S"; correct it',
    ],
    ['no message', INFER, [], {}, '3', 'call: expected one message, got none; send one'],
    [
      'two messages',
      INFER,
      [framed(stateless([1])), framed(stateless([1]))],
      {},
      '3',
      'call: expected one message, got more; send one',
    ],
    [
      'an incomplete message',
      INFER,
      [framed(stateless([1])).subarray(0, 50)],
      {},
      '3',
      'the body ends within a message; send the complete message',
    ],
    [
      'a message without prefix',
      INFER,
      [Buffer.from('abcdefgh')],
      {},
      '3',
      "message prefix: expected 0 or 1 as its first byte, got 97; send gRPC's prefix before each message",
    ],
    [
      'a prefix that announces a message that is too large',
      INFER,
      [Buffer.of(0, 0x7f, 0xff, 0xff, 0xff)],
      {},
      '8',
      'message: expected at most 8388608 bytes, got 2147483647; send fewer samples at a time',
    ],
    [
      'a message that is too large after decompression',
      INFER,
      [framed(gzipSync(Buffer.alloc(9_000_000)), 1)],
      { 'grpc-encoding': 'gzip' },
      '8',
      'message: expected at most 8388608 bytes, got more; send fewer samples at a time',
    ],
    [
      'corrupt compressed data',
      INFER,
      [framed(Buffer.from('abc'), 1)],
      { 'grpc-encoding': 'gzip' },
      '3',
      'compressed message: expected gzip data; compress it so or leave grpc-encoding out',
    ],
    [
      'a compressed message without grpc-encoding',
      INFER,
      [framed(gzipSync(stateless([1])), 1)],
      {},
      '3',
      'message prefix: expected compression flag 0 without grpc-encoding, got 1; send grpc-encoding or do not compress',
    ],
    [
      'a probe of more than 256 bytes, by its prefix',
      '/grpc.health.v1.Health/Check',
      [framed(Buffer.alloc(300)).subarray(0, 5)],
      {},
      '8',
      'message: expected at most 256 bytes, got 300; send at most the name of a service',
    ],
    [
      'a compressed probe',
      '/grpc.health.v1.Health/Check',
      [framed(gzipSync(Buffer.alloc(100_000)), 1)],
      { 'grpc-encoding': 'gzip' },
      '12',
      '/grpc.health.v1.Health/Check: expected an uncompressed message, got a compressed one; send it uncompressed',
    ],
    [
      'an undecodable message',
      INFER,
      [framed(Buffer.of(0x0a, 5, 1))],
      {},
      '3',
      'the request cannot be decoded as a ModelInferRequest (it ends within a field); send the message that its .proto file describes',
    ],
    [
      'an undecodable message of another method',
      '/inference.GRPCInferenceService/ModelReady',
      [framed(Buffer.of(0x0f))],
      {},
      '3',
      'the request of inference.GRPCInferenceService/ModelReady cannot be decoded; send the message that its .proto file describes',
    ],
    [
      'a name with characters that need encoding',
      INFER,
      [framed(ModelInfer.requestSerialize({ model_name: 'é%\n日😀' }))],
      {},
      '5',
      'model "é%\\n日😀": the service has no such model; GET /v2/models lists the models',
    ],
  ])('refuses %s', async (_name, path, parts, headers, code, message) => {
    const answer = await call(path, parts, headers);
    expect([answer.status, answer.code, answer.message]).toEqual([200, code, message]);
  });

  it.each([
    ['another method', { ':method': 'PUT' }, 405],
    ['another content type', { 'content-type': 'application/json' }, 415],
    ['a content type with the same prefix', { 'content-type': 'application/grpc-web' }, 415],
    [
      'too many fields',
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`a${index}`, 'b'.repeat(300)])),
      431,
    ],
  ])('answers %s with an HTTP status', async (_name, headers, status) => {
    const answer = await call(INFER, [], headers);
    expect([answer.status, answer.code]).toEqual([status, '']);
  });
});
