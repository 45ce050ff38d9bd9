import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalText } from '../src/letIn.ts';
import { createLog } from '../src/log/createLog.ts';
import { startServer } from '../src/startServer.ts';
import type { RunningServer } from '../src/startServer.ts';
import { GrpcClient, grpcRequest } from './support/grpcClient.ts';
import { inferRequest, post, zeros } from './support/requests.ts';
import { exampleModels } from './support/service.ts';

/** Far more than can be answered within a millisecond, all the more since the clients take their time from the same thread. */
const CLIENTS = 256;

/** Longer than any client needs to be refused; a test that gets here fails. */
const MOST_MS = 20_000;

let service: RunningServer;

beforeAll(async () => {
  service = await startServer({
    models: exampleModels,
    host: '127.0.0.1',
    port: 0,
    grpcPort: 0,
    metricsPort: undefined,
    metricsHost: '127.0.0.1',
    adminPort: undefined,
    adminGrpcPort: undefined,
    adminTokens: undefined,
    access: { host: '127.0.0.1', tokens: undefined, rate: undefined, concurrent: undefined, corsOrigins: [] },
    provider: 'cpu',
    overloadMs: 1,
    awakeUs: 0,
    workers: 1,
    runtime: {},
    modelOptions: {
      batching: { maxRows: 256, maxValues: 100_000, delayUs: 0, maxWaiting: 1024 },
      sequences: { most: 10, idleMs: 60_000, ageMs: 60_000 },
    },
    state: 'memory',
    repository: { control: 'none', pollMs: 0, wanted: [], maxBytes: 1e9, operators: [] },
    log: createLog({ format: 'text', level: 'error' }),
    otlpEndpoint: undefined,
    drainDelayMs: 0,
  });
});
afterAll(() => service.close());

const rejected = (): number => service.repository.find('lagged-sine', undefined).stats.failures.REJECTED;

/** Asks again and again as soon as it is answered, until `stopped`. */
async function askOn(
  ask: () => Promise<string>,
  seen: Map<string, number>,
  stopped: () => boolean,
): Promise<void> {
  while (!stopped()) {
    const answer = await ask();
    seen.set(answer, (seen.get(answer) ?? 0) + 1);
  }
}

/** All clients ask until some were refused; what they were answered, and how often. */
async function overload(
  asks: readonly (() => Promise<string>)[],
  refused: string,
): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  const end = performance.now() + MOST_MS;
  const stopped = (): boolean => (seen.get(refused) ?? 0) > CLIENTS || performance.now() > end;
  await Promise.all(asks.map((ask) => askOn(ask, seen, stopped)));
  return seen;
}

/** Over a connection of its own: the status, and what a refusal tells of when to come again. */
function httpClient(socket: Socket): () => Promise<string> {
  const body = JSON.stringify(inferRequest([0.5]));
  const request = `POST /v2/models/lagged-sine/infer HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return () =>
    new Promise((resolve, reject) => {
      socket.once('error', reject);
      // An answer this small comes whole.
      socket.once('data', (data) => {
        socket.off('error', reject);
        const text = data.toString('latin1');
        const wait = /retry-after: (\d+)/i.exec(text)?.[1];
        resolve(text.slice(9, 12) + (wait === undefined ? '' : ` come again in ${wait} s`));
      });
      socket.write(request);
    });
}

describe('more requests than can be answered in time', () => {
  it('are refused early over HTTP, and all answered again once they are fewer', async () => {
    const { port } = new URL(service.url);
    const sockets = Array.from({ length: CLIENTS }, () => connect(Number(port), '127.0.0.1'));
    const refused = '503 come again in 1 s';
    const seen = await overload(sockets.map(httpClient), refused);
    for (const socket of sockets) socket.destroy();
    expect([...seen.keys()].sort()).toEqual(['200', refused]);
    expect(rejected()).toBe(seen.get(refused));
    // As a refusal says.
    await sleep(1000);
    for (let request = 0; request < 50; request++) {
      const { status } = await post(`${service.url}/v2/models/lagged-sine/infer`, inferRequest([0.5]));
      expect(status).toBe(200);
    }
  });

  it('are refused early over gRPC, and all answered again once they are fewer', async () => {
    const client = new GrpcClient(service.grpcAddress ?? '');
    const inputs = [
      { name: 'x', datatype: 'FP32', shape: [1, 1, 1], contents: { fp32_contents: [0.5] } },
      { name: 'state_in', datatype: 'FP32', shape: [1, 32], contents: { fp32_contents: zeros } },
    ];
    const message = grpcRequest([], { inputs, raw_input_contents: [] });
    const ask = async (): Promise<string> => {
      try {
        await client.call('ModelInfer', message);
        return 'OK';
      } catch (error) {
        const { code, details } = error as ServiceError;
        return `${code} ${details}`;
      }
    };
    const refused = `14 ${refusalText}`;
    const seen = await overload(
      Array.from({ length: CLIENTS }, () => ask),
      refused,
    );
    expect([...seen.keys()].sort()).toEqual([refused, 'OK']);
    await sleep(1000);
    for (let request = 0; request < 50; request++) expect(await ask()).toBe('OK');
    client.close();
  });
});
