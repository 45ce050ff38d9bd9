import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { GrpcClient, grpcRequest } from './support/grpcClient.ts';
import { inferRequest } from './support/requests.ts';
import { exitOf, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const CALLERS = 16;
const body = JSON.stringify(inferRequest([0.5]));

let service: ServiceProcess | undefined;
afterEach(() => {
  service?.process.kill('SIGKILL');
});

/** @returns the answer's status, `last` of a connection that ends with its answer, or the code of why there was none */
function inferOnce(agent: Agent, url: string): Promise<number | string> {
  return new Promise((resolve) => {
    const call = request(`${url}/v2/models/lagged-sine/infer`, { method: 'POST', agent }, (response) => {
      response.resume().on('end', () => {
        const ends = response.headers.connection === 'close' && response.statusCode === 200;
        resolve(ends ? 'last' : (response.statusCode ?? 0));
      });
      response.on('error', (error) => {
        resolve(error.message);
      });
    });
    call.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    call.end(body);
  });
}

/** Sequential calls until one is rejected, or is the last of its connection: then a balancer uses another replica. */
async function callOn<End>(once: () => Promise<number | End>, ends: (End | number)[]): Promise<number> {
  for (let answered = 0; ; answered++) {
    const end = await once();
    if (end !== 200) {
      ends.push(end);
      return answered;
    }
  }
}

describe('SIGTERM under load', () => {
  it('loses no request that was accepted, over connections that are kept and over gRPC', async () => {
    service = await startService(undefined, ['--grpc-port', '0']);
    const { url, ready } = service;
    const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
    const http: (number | string)[] = [];
    const grpc: (number | string)[] = [];
    const client = new GrpcClient(ready.grpc ?? '');
    const callGrpc = (): Promise<number | string> =>
      client.call('ModelInfer', grpcRequest([0.5], { model_name: 'lagged-sine', ...statelessInputs })).then(
        () => 200,
        (error: unknown) => `code ${(error as { code: number }).code}`,
      );
    const callers = [
      ...Array.from({ length: CALLERS }, () => callOn(() => inferOnce(agent, url), http)),
      ...Array.from({ length: CALLERS }, () => callOn(callGrpc, grpc)),
    ];
    await new Promise((resolve) => setTimeout(resolve, 500));
    service.process.kill('SIGTERM');
    const answered = await Promise.all(callers);
    // Every request had a response, and the last one closed the connection.
    expect(new Set(http)).toEqual(new Set(['last']));
    // Not taken at all, so that the client may send it to another.
    expect(new Set(grpc)).toEqual(new Set(['code 14']));
    expect(Math.min(...answered)).toBeGreaterThan(0);
    expect(await exitOf(service.process)).toBe(0);
    expect(service.stderr()).not.toContain('    at ');
    agent.destroy();
    client.close();
  });

  it('is not ready from then on, while it still answers', async () => {
    service = await startService(undefined, ['--drain-delay-ms', '2000', '--metrics-port', '0']);
    const { url, ready } = service;
    service.process.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/v2/health/ready`)).status).toBe(503);
    expect((await fetch(`${ready.metrics ?? ''}/v2/health/ready`)).status).toBe(503);
    const response = await fetch(`${url}/v2/models`);
    expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
    expect(await exitOf(service.process)).toBe(0);
  });

  it('accepts connections for as long as --drain-delay-ms says', async () => {
    service = await startService(undefined, ['--drain-delay-ms', '1500']);
    const { url } = service;
    service.process.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/v2/health/ready`)).status).toBe(503);
    expect(await exitOf(service.process)).toBe(0);
  });

  it('ends after 20 seconds although a request is still in progress', async () => {
    service = await startService();
    const { port } = service;
    const call = request({ port, path: '/v2/models/lagged-sine/infer', method: 'POST' });
    call.on('error', () => undefined);
    call.setHeader('content-length', 10);
    call.write('{');
    await expect.poll(() => call.socket?.bytesWritten ?? 0).toBeGreaterThan(0);
    service.process.kill('SIGTERM');
    expect(await exitOf(service.process)).toBe(1);
    expect(service.stderr()).toContain(
      'requests are still in progress 20 s after the shutdown began; they are aborted\n',
    );
  });
});

/** The state goes along, so that no sequence is needed. */
const statelessInputs = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [1, 1, 1] },
    { name: 'state_in', datatype: 'FP32', shape: [1, 32] },
  ],
  raw_input_contents: [Buffer.alloc(4), Buffer.alloc(128)],
};
