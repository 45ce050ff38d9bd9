import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../src/telemetry/log.ts';
import { startServer } from '../src/startServer.ts';
import type { RunningServer } from '../src/startServer.ts';
import { GrpcClient, grpcRequest } from './support/grpcClient.ts';
import { inferRequest, post, zeros } from './support/requests.ts';
import { serveOptions } from './support/service.ts';

/** How long the event loop is kept busy, milliseconds. */
const OVERLOAD_MS = 4000;

/** How long each turn of the event loop takes meanwhile, milliseconds: more than the service accepts. */
const TURN_MS = 100;

let service: RunningServer;

beforeAll(async () => {
  const options = await serveOptions({ grpcPort: 0, metricsPort: 0, provider: 'cpu' });
  service = await startServer(options, createLog({ format: 'text', level: 'error' }));
});
afterAll(() => service.close());

const rejected = (): number => service.repository.find('lagged-sine', undefined).stats.failures.REJECTED;

/**
 * Sends requests, each once the last is answered, while the event loop is busy. The service runs in the process of the test, so that no number
 * of clients must be found that overloads it on any machine; `npm run bench -- overload` measures real clients.
 *
 * @returns how many requests had each answer
 */
async function overload(ask: () => Promise<string>): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  const block = setInterval(() => {
    const end = performance.now() + TURN_MS;
    while (performance.now() < end);
  }, 1);
  const end = performance.now() + OVERLOAD_MS;
  while (performance.now() < end) {
    const answer = await ask();
    seen.set(answer, (seen.get(answer) ?? 0) + 1);
  }
  clearInterval(block);
  return seen;
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

/** A small request: the status, and the Retry-After header. */
async function smallRequest(): Promise<string> {
  const { status, headers } = await post(`${service.url}/v2/models/lagged-sine/infer`, inferRequest([0.5]));
  const wait = headers.get('retry-after');
  return `${status}${wait === null ? '' : ` retry after ${wait} s`}`;
}

describe('overload over HTTP', () => {
  it('sheds with 503 and Retry-After, keeps the probes and ends within two seconds', async () => {
    const shed = '503 retry after 1 s';
    const probes = sleep(OVERLOAD_MS / 2).then(() =>
      Promise.all(
        [`${service.url}/v2/health/live`, `${service.metricsUrl ?? ''}/metrics`].map((url) =>
          fetch(url).then(({ status }) => status),
        ),
      ),
    );
    const seen = await overload(smallRequest);
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
    const seen = await overload(() => call([0.5]));
    expect([...seen.keys()].sort()).toEqual(['14 the service is overloaded; retry after 1 s', 'OK']);
    expect(await answersAfter(() => call([0.5]))).toEqual(new Set(['OK']));
    client.close();
  });
});
