import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrpcClient, grpcRequest } from './support/grpcClient.ts';
import type { StreamAnswer } from './support/grpcClient.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const RATE = 10;

let service: ServiceProcess;
let grpc: GrpcClient;

beforeAll(async () => {
  service = await startService(undefined, ['--grpc-port', '0', '--client-rate', String(RATE)]);
  grpc = new GrpcClient(service.ready.grpc ?? '');
});
afterAll(async () => {
  grpc.close();
  await service.stop();
});

/** A request without cost, from one of the loopback addresses. */
function ask(
  localAddress: string,
  port = service.port,
): Promise<{ status: number; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path: '/v2', localAddress }, (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] });
    });
    call.once('error', reject).end();
  });
}

describe('--client-rate', () => {
  it('refuses what an address sends beyond its rate over HTTP, and no other address', async () => {
    const answers = await Promise.all(Array.from({ length: RATE * 3 }, () => ask('127.0.0.2')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(RATE);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0].retryAfter).toBe('1');
    expect((await ask('127.0.0.3')).status).toBe(200);
  });

  it('holds a gRPC stream back, which refusing would cut off', async () => {
    // The rate's worth at once, the rest at the rate.
    const count = RATE * 3;
    const answers: StreamAnswer[] = [];
    const stream = grpc.stream();
    const ended = new Promise<void>((resolve, reject) => {
      stream.on('data', (answer: StreamAnswer) => answers.push(answer));
      stream.once('end', resolve).once('error', reject);
    });
    const since = performance.now();
    for (let index = 0; index < count; index++) {
      stream.write(
        grpcRequest([index], {
          id: String(index),
          parameters: {
            sequence_id: { string_param: 'held-back' },
            ...(index === 0 ? { sequence_start: { bool_param: true } } : {}),
          },
        }),
      );
    }
    await expect.poll(() => answers.length).toBeGreaterThan(0);
    // A stream's messages count for its client's other calls too.
    expect(await grpc.call('ModelInfer', grpcRequest([0])).catch((error: unknown) => error)).toMatchObject({
      code: 8,
      details: expect.stringMatching(
        /^expected at most 10 requests per second of one client, got more; wait /,
      ) as string,
    });
    stream.end();
    await ended;
    expect(answers.map(({ error_message, infer_response }) => [error_message, infer_response.id])).toEqual(
      Array.from({ length: count }, (_, index) => ['', String(index)]),
    );
    // A bound from below, which no slow machine breaks. A tenth less: timers may fire a millisecond early.
    expect(performance.now() - since).toBeGreaterThan(((count - RATE) / RATE) * 900);
  });
});
