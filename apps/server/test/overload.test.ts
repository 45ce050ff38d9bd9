import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../src/telemetry/log.ts';
import { startServer } from '../src/startServer.ts';
import type { RunningServer } from '../src/startServer.ts';
import { GrpcClient, grpcRequest } from './support/grpcClient.ts';
import { inferRequest, post, sines, zeros } from './support/requests.ts';
import { serveOptions } from './support/service.ts';

/** Requests of so many clients at a time take the event loop longer for a turn than it may. */
const CLIENTS = 128;

/** Of a request, so that answering it takes a millisecond and not a tenth of one. */
const SAMPLES = 2000;

/** How long all clients send requests, milliseconds. */
const OVERLOAD_MS = 4000;

let service: RunningServer;

beforeAll(async () => {
  const options = await serveOptions({ grpcPort: 0, metricsPort: 0, provider: 'cpu' });
  service = await startServer(options, createLog({ format: 'text', level: 'error' }));
});
afterAll(() => service.close());

const rejected = (): number => service.repository.find('lagged-sine', undefined).stats.failures.REJECTED;

/** Sends requests of all clients, each the next once the last is answered; counts the answers. */
async function overload(clients: readonly (() => Promise<string>)[]): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  const end = performance.now() + OVERLOAD_MS;
  const send = async (client: () => Promise<string>): Promise<void> => {
    while (performance.now() < end) {
      const answer = await client();
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(clients.map(send));
  return seen;
}

/** Over a separate connection: the status, and the Retry-After header. */
function httpClient(socket: Socket): () => Promise<string> {
  const body = JSON.stringify(inferRequest(sines(SAMPLES)));
  const request = `POST /v2/models/lagged-sine/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return () =>
    new Promise((resolve, reject) => {
      let text = '';
      const read = (data: Buffer): void => {
        text += data.toString('latin1');
        if (!text.endsWith('}')) return;
        socket.off('error', reject).off('data', read);
        const wait = /retry-after: (\d+)/i.exec(text)?.[1];
        resolve(text.slice(9, 12) + (wait === undefined ? '' : ` retry after ${wait} s`));
      };
      socket.once('error', reject).on('data', read);
      socket.write(request);
    });
}

/** Ten small requests a second: the answers from the third second after an overload on. */
async function answersAfter(ask: () => Promise<string>): Promise<ReadonlySet<string>> {
  await sleep(2000);
  const answers = new Set<string>();
  for (let second = 0; second < 2; second++) {
    for (let request = 0; request < 10; request++) answers.add(await ask());
    await sleep(1000);
  }
  return answers;
}

const smallRequest = async (): Promise<string> => {
  const { status } = await post(`${service.url}/v2/models/lagged-sine/infer`, inferRequest([0.5]));
  return String(status);
};

describe('overload over HTTP', () => {
  it('sheds with 503 and Retry-After, keeps the probes and ends within two seconds', async () => {
    const { port } = new URL(service.url);
    const sockets = Array.from({ length: CLIENTS }, () => connect(Number(port), '127.0.0.1'));
    const shed = '503 retry after 1 s';
    const probes = sleep(OVERLOAD_MS / 2).then(() =>
      Promise.all(
        [`${service.url}/v2/health/live`, `${service.metricsUrl ?? ''}/metrics`].map((url) =>
          fetch(url).then(({ status }) => status),
        ),
      ),
    );
    const seen = await overload(sockets.map(httpClient));
    for (const socket of sockets) socket.destroy();
    expect([...seen.keys()].sort()).toEqual(['200', shed]);
    expect(rejected()).toBe(seen.get(shed));
    expect(await probes).toEqual([200, 200]);
    expect(await answersAfter(smallRequest)).toEqual(new Set(['200']));
  });
});

describe('overload over gRPC', () => {
  it('sheds with UNAVAILABLE and ends within two seconds', async () => {
    const client = new GrpcClient(service.grpcAddress ?? '');
    const call = async (values: readonly number[]): Promise<string> => {
      const inputs = [
        { name: 'x', datatype: 'FP32', shape: [1, values.length, 1], contents: { fp32_contents: values } },
        { name: 'state_in', datatype: 'FP32', shape: [1, 32], contents: { fp32_contents: zeros } },
      ];
      try {
        await client.call('ModelInfer', grpcRequest([], { inputs, raw_input_contents: [] }));
        return 'OK';
      } catch (error) {
        const { code, details } = error as ServiceError;
        return `${code} ${details}`;
      }
    };
    // Small requests: a run of many samples would keep a worker busy, and not the event loop.
    const seen = await overload(Array.from({ length: 8 * CLIENTS }, () => () => call([0.5])));
    expect([...seen.keys()].sort()).toEqual(['14 the service is overloaded; retry after 1 s', 'OK']);
    expect(await answersAfter(() => call([0.5]))).toEqual(new Set(['OK']));
    client.close();
  });
});
