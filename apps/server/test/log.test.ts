import { afterEach, describe, expect, it } from 'vitest';
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
});
