/* eslint-disable @nx/enforce-module-boundaries -- part of tests: its client is the reference implementation */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, compressionAlgorithms, credentials, Metadata } from '@grpc/grpc-js';
import type { ChannelCredentials, ClientDuplexStream, ServiceError, StatusObject } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type {
  Handlers,
  MethodDefinition,
  SendUnary,
  ServerCall,
  ServiceDefinition,
} from '../call/definition.ts';
import type { GrpcServerOptions, MethodLimits } from '../options.ts';
import { CallError, GrpcStatus } from '../status.ts';

/** A server with the interface of GrpcServer. */
export interface Engine {
  addService(
    definition: ServiceDefinition,
    handlers: Handlers,
    limits?: Readonly<Record<string, MethodLimits>>,
  ): void;
  listen(port: number, host: string): Promise<{ port: number }>;
  close(): Promise<void>;
}

/** What the suite's hook `onCall` returns. */
export interface SuiteContext {
  readonly path: string;
  readonly user: string | undefined;
}

export interface EngineSuite {
  readonly name: string;
  readonly create: (options: GrpcServerOptions<SuiteContext>) => Engine;
  /** Of the client; default: without TLS. */
  readonly clientCredentials?: ChannelCredentials;
  /** Tests that an engine cannot pass. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

type Call = ServerCall<string, string, SuiteContext>;

/** Requests are decoded and responses are encoded as UTF-8 text; 'undecodable' is refused. */
function textMethod(name: string, requestStream: boolean, responseStream: boolean): MethodDefinition {
  return {
    path: `/suite.Text/${name}`,
    requestStream,
    responseStream,
    requestDeserialize: (bytes) => {
      const text = bytes.toString();
      if (text === 'undecodable') throw new Error('no text');
      return text;
    },
    responseSerialize: (text: string) => Buffer.from(text),
  };
}

const definition: ServiceDefinition = {
  Upper: textMethod('Upper', false, false),
  Short: textMethod('Short', false, false),
  Missing: textMethod('Missing', false, false),
  Written: {
    ...textMethod('Written', false, false),
    responseSerialize: (text: string) => ({
      size: text.length,
      write: (target: Uint8Array, offset: number) => {
        target.set(Buffer.from(text), offset);
      },
    }),
  },
  Wait: textMethod('Wait', false, false),
  Fail: textMethod('Fail', false, false),
  Count: textMethod('Count', false, true),
  Join: textMethod('Join', true, false),
  Echo: textMethod('Echo', true, true),
};

/** Tests of handlers and hooks that every engine passes; the client is grpc-js. */
export function describeEngine({
  name,
  create,
  clientCredentials = credentials.createInsecure(),
  skip = [],
}: EngineSuite): void {
  const skipped = new Map(skip.flatMap(({ reason, tests }) => tests.map((test) => [test, reason] as const)));
  const test = (title: string, run: () => Promise<void>): void => {
    const reason = skipped.get(title);
    if (reason === undefined) it(title, run);
    else it.skip(`${title} (${reason})`, run);
  };

  describe(`handlers over ${name}`, () => {
    const ended: [path: string, code: GrpcStatus][] = [];
    const defects: unknown[] = [];
    const cancelled: string[] = [];
    let engine: Engine;
    let port: number;
    let client: Client;

    const handlers: Handlers = {
      Upper: ({ request }: Call, callback: SendUnary<string>) => {
        callback(null, request.toUpperCase());
      },
      Short: ({ request }: Call, callback: SendUnary<string>) => {
        callback(null, request);
      },
      Written: ({ request, context }: Call, callback: SendUnary<string>) => {
        callback(null, `${request} ${context.path} ${context.user}`);
      },
      Wait: (call: Call) => {
        call.on('cancelled', () => cancelled.push(call.request));
      },
      Fail: ({ request }: Call, callback: SendUnary<string>) => {
        if (request === 'call error') {
          callback(new CallError(GrpcStatus.NOT_FOUND, 'é%\nnone', { 'retry-after': '1' }));
        } else if (request === 'mapped') callback(new RangeError('too far'));
        else if (request === 'thrown') throw new CallError(GrpcStatus.ABORTED, 'thrown');
        else callback(new Error('a defect'));
      },
      Count: (call: Call) => {
        const last = Number(call.request);
        let next = 1;
        const write = (): void => {
          while (next <= last && !call.writableNeedDrain) call.write(`${next++}`.padEnd(1000));
          if (next > last) call.end();
        };
        call.on('drain', write);
        write();
      },
      Join: (call: Call, callback: SendUnary<string>) => {
        const parts: string[] = [];
        call
          .on('data', (part) => parts.push(part))
          .on('end', () => {
            callback(null, parts.join('+'));
          });
      },
      Echo: (call: Call) => {
        call
          .on('data', (text) => {
            if (text === 'throw') throw new CallError(GrpcStatus.OUT_OF_RANGE, 'thrown by a listener');
            if (text === 'slow') {
              call.pause();
              setTimeout(() => {
                call.write(text);
                call.resume();
              }, 20);
            } else call.write(text);
          })
          .on('end', () => {
            call.end();
          });
      },
    };

    const start = async (options: Partial<GrpcServerOptions<SuiteContext>> = {}): Promise<void> => {
      engine = create({
        onCall: ({ path, metadata }) => ({ path, user: metadata.get('user') }),
        onCallEnd: ({ path }, code) => ended.push([path, code]),
        failureOf: (error) =>
          error instanceof RangeError ? { code: GrpcStatus.OUT_OF_RANGE, details: error.message } : undefined,
        onDefect: (error) => defects.push(error),
        ...options,
      });
      engine.addService(definition, handlers, { Short: { maxMessageBytes: 30, acceptsCompression: false } });
      ({ port } = await engine.listen(0, '127.0.0.1'));
      client = connect();
    };

    const connect = (compression = compressionAlgorithms.identity): Client =>
      new Client(`127.0.0.1:${port}`, clientCredentials, {
        'grpc.default_compression_algorithm': compression,
        'grpc.max_send_message_length': -1,
      });

    /** Makes the client compress its messages. */
    const compress = (): void => {
      client.close();
      client = connect(compressionAlgorithms.gzip);
    };

    afterEach(async () => {
      client.close();
      await engine.close();
      for (const list of [ended, defects, cancelled]) list.length = 0;
    });

    const encode = (text: string): Buffer => Buffer.from(text);
    const decode = (bytes: Buffer): string => bytes.toString();

    const call = (method: string, text: string, metadata = new Metadata(), options = {}): Promise<string> =>
      new Promise((resolve, reject) => {
        const path = `/suite.Text/${method}`;
        client.makeUnaryRequest(path, encode, decode, text, metadata, options, (error, response) => {
          if (error) reject(error);
          else resolve(response ?? '');
        });
      });

    const echo = () => client.makeBidiStreamRequest('/suite.Text/Echo', encode, decode);

    test('answers a call', async () => {
      await start();
      expect(await call('Upper', 'abc')).toBe('ABC');
      expect(ended).toEqual([['/suite.Text/Upper', GrpcStatus.OK]]);
    });

    test('writes a response by its writer, and hands the context to handlers', async () => {
      await start();
      const metadata = new Metadata();
      metadata.set('user', 'ann');
      expect(await call('Written', 'hello', metadata)).toBe('hello /suite.Text/Written ann');
    });

    test('ends a call with status, message and metadata of a CallError', async () => {
      await start();
      const error = await call('Fail', 'call error').catch((cause: unknown) => cause as ServiceError);
      expect(error).toMatchObject({ code: GrpcStatus.NOT_FOUND, details: 'é%\nnone' });
      expect((error as ServiceError).metadata.get('retry-after')).toEqual(['1']);
      expect(ended).toEqual([['/suite.Text/Fail', GrpcStatus.NOT_FOUND]]);
    });

    test('maps errors, also thrown ones, and reports defects', async () => {
      await start();
      await expect(call('Fail', 'mapped')).rejects.toMatchObject({ code: 11, details: 'too far' });
      await expect(call('Fail', 'thrown')).rejects.toMatchObject({ code: 10, details: 'thrown' });
      expect(defects).toEqual([]);
      await expect(call('Fail', 'defect')).rejects.toMatchObject({
        code: 13,
        details: 'internal error; the log of the server has the details',
      });
      expect(defects).toMatchObject([{ message: 'a defect' }]);
    });

    test('refuses calls that authorize throws for', async () => {
      await start({
        authorize: ({ metadata }) => {
          if (metadata.get('user') !== 'ann') throw new CallError(GrpcStatus.UNAUTHENTICATED, 'who?');
        },
      });
      await expect(call('Upper', 'abc')).rejects.toMatchObject({ code: 16, details: 'who?' });
      const stream = echo();
      await expect(statusOf(stream)).resolves.toMatchObject({ code: 16, details: 'who?' });
      const metadata = new Metadata();
      metadata.set('user', 'ann');
      expect(await call('Upper', 'abc', metadata)).toBe('ABC');
    });

    test('refuses a request that cannot be decoded', async () => {
      await start();
      await expect(call('Upper', 'undecodable')).rejects.toMatchObject({
        code: 3,
        details:
          'the request of suite.Text/Upper cannot be decoded; send the message that its .proto file describes',
      });
      const stream = echo();
      stream.write('undecodable');
      expect(await statusOf(stream)).toMatchObject({ code: 3 });
    });

    test('refuses a message that is too large', async () => {
      await start({ maxMessageBytes: 100_000 });
      expect(await call('Upper', 'a'.repeat(100_000))).toHaveLength(100_000);
      await expect(call('Upper', 'a'.repeat(100_001))).rejects.toMatchObject({ code: 8 });
    });

    test('bounds the messages of a method', async () => {
      await start();
      expect(await call('Short', 'a'.repeat(30))).toHaveLength(30);
      await expect(call('Short', 'a'.repeat(31))).rejects.toMatchObject({
        code: 8,
        details: 'message: expected at most 30 bytes, got 31; send smaller messages',
      });
    });

    test('decompresses requests', async () => {
      await start();
      compress();
      expect(await call('Upper', 'abc'.repeat(1000))).toBe('ABC'.repeat(1000));
    });

    test('refuses compressed requests of a method that accepts none', async () => {
      await start();
      compress();
      await expect(call('Short', 'aaaaaaaaa')).rejects.toMatchObject({
        code: 12,
        details:
          '/suite.Text/Short: expected an uncompressed message, got a compressed one; send it uncompressed',
      });
    });

    test('says that a method is not implemented', async () => {
      await start({ unimplemented: () => 'not here' });
      await expect(call('Missing', '')).rejects.toMatchObject({
        code: 12,
        details: '/suite.Text/Missing: not here',
      });
      expect(ended).toEqual([['/suite.Text/Missing', GrpcStatus.UNIMPLEMENTED]]);
    });

    test('says that a service is unknown, and reports the call', async () => {
      await start();
      await expect(call('../other.Service/Do', '')).rejects.toMatchObject({
        code: 12,
        details: '/suite.Text/../other.Service/Do: the server does not implement this method',
      });
      expect(ended).toHaveLength(1);
    });

    test('ends a call at its deadline, and notifies its handler', async () => {
      await start();
      await expect(
        call('Wait', 'late', new Metadata(), { deadline: Date.now() + 100 }),
      ).rejects.toMatchObject({
        code: 4,
      });
      await expect.poll(() => cancelled).toEqual(['late']);
      expect(ended).toHaveLength(1);
    });

    test('notifies a handler of the cancellation by its client', async () => {
      await start();
      const request = client.makeUnaryRequest('/suite.Text/Wait', encode, decode, 'gone', () => undefined);
      await delay(100);
      request.cancel();
      await expect.poll(() => cancelled).toEqual(['gone']);
      expect(ended).toEqual([['/suite.Text/Wait', GrpcStatus.CANCELLED]]);
    });

    test('streams responses in their order to a client that reads slowly', async () => {
      await start();
      const stream = client.makeServerStreamRequest('/suite.Text/Count', encode, decode, '2000');
      let received = 0;
      for await (const text of stream) {
        expect(Number(text)).toBe(++received);
        if (received % 500 === 0) await delay(10);
      }
      expect(received).toBe(2000);
      expect(ended).toEqual([['/suite.Text/Count', GrpcStatus.OK]]);
    });

    test('reads a request stream', async () => {
      await start();
      const response = new Promise((resolve, reject) => {
        const stream = client.makeClientStreamRequest('/suite.Text/Join', encode, decode, (error, text) => {
          if (error) reject(error);
          else resolve(text);
        });
        for (const part of ['a', 'b', 'c']) stream.write(part);
        stream.end();
      });
      expect(await response).toBe('a+b+c');
    });

    test('keeps the order of a stream that its handler pauses', async () => {
      await start();
      const stream = echo();
      const texts = ['a', 'slow', 'b', 'slow', 'c'];
      for (const text of texts) stream.write(text);
      stream.end();
      const received: string[] = [];
      for await (const text of stream) received.push(text as string);
      expect(received).toEqual(texts);
    });

    test('ends a stream with an error after the responses before it', async () => {
      await start();
      const stream = echo();
      const received: unknown[] = [];
      stream.on('data', (text) => received.push(text));
      stream.write('a');
      await expect.poll(() => received).toEqual(['a']);
      stream.write('throw');
      expect(await statusOf(stream)).toMatchObject({ code: 11, details: 'thrown by a listener' });
      expect(ended).toEqual([['/suite.Text/Echo', GrpcStatus.OUT_OF_RANGE]]);
      expect(defects).toEqual([]);
    });

    test('completes open streams as it closes', async () => {
      await start();
      const stream = echo();
      const received: unknown[] = [];
      stream.on('data', (text) => received.push(text));
      const status = statusOf(stream);
      stream.write('a');
      await expect.poll(() => received).toEqual(['a']);
      const closed = engine.close();
      expect(await status).toMatchObject({ code: 0 });
      client.close();
      await closed;
    });
  });
}

function statusOf(stream: ClientDuplexStream<string, string>): Promise<StatusObject> {
  stream.on('error', () => undefined).on('data', () => undefined);
  return new Promise((resolve) => {
    stream.on('status', (status: StatusObject) => {
      resolve(status);
    });
  });
}
