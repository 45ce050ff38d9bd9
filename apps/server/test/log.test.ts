import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { putModel } from './support/modelFolders.ts';
import { inferRequest, post } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let service: ServiceProcess | undefined;
afterEach(async () => {
  await service?.stop();
});

const INFER = '/v2/models/lagged-sine/infer';

describe('--log-format json', () => {
  it('logs each request at debug: route, duration and trace, and never its content', async () => {
    service = await startService(undefined, ['--log-format', 'json', '--log-level', 'debug']);
    const trace_id = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${trace_id}-b7ad6b7169203331-01`, authorization: 'Bearer secret' };
    await post(`${service.url}${INFER}?key=secret`, inferRequest([0.123456]), { headers });
    const { stderr } = service;
    const read = (): Record<string, unknown>[] =>
      stderr()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    await expect.poll(() => read().some(({ message }) => message === 'http request')).toBe(true);
    const [start] = read();
    expect(start).toMatchObject({ level: 'info', message: 'Onda is ready', http: service.url });
    const line = read().find(({ message }) => message === 'http request');
    expect(line).toMatchObject({ level: 'debug', method: 'POST', path: INFER, status: 200, trace_id });
    expect(line?.ms).toBeGreaterThan(0);
    expect(stderr()).not.toContain('secret');
    expect(stderr()).not.toContain('0.123456');
  });

  it("has no lines of ONNX Runtime, whose reason for a failed run is the client's error", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'onda-log-'));
    await putModel(folder, 'reshapes', 1, 'reshapes');
    service = await startService(folder, ['--log-format', 'json']);
    const reshape = (shape: number[]): ReturnType<typeof post> =>
      post(`${service?.url}/v2/models/reshapes/infer`, {
        inputs: [
          { name: 'x', datatype: 'FP32', shape: [4], data: [1, 2, 3, 4] },
          { name: 'shape', datatype: 'INT64', shape: [shape.length], data: shape },
        ],
      });
    expect(await reshape([3])).toMatchObject({
      status: 400,
      body: {
        error:
          'the model did not run: Reshape: The input tensor cannot be reshaped to the requested shape. Input shape:{4}, requested shape:{3}; correct the values or shapes of the inputs',
      },
    });
    expect((await reshape([2, 2])).status).toBe(200);
    for (const line of service.stderr().trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ message: expect.any(String) as string });
    }
    await rm(folder, { recursive: true });
  });
});
