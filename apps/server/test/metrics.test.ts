import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inferRequest, post } from './support/requests.ts';
import { runCommand, startService, exampleModels } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService(undefined, ['--metrics-port', '0']);
});
afterAll(async () => {
  await service.stop();
});

describe('--metrics-port', () => {
  it('counts what the service does, on a separate port', async () => {
    const url = `${service.url}/v2/models/lagged-sine/infer`;
    await Promise.all([0, 1, 2].map((value) => post(url, inferRequest([value]))));
    await post(url, '{}');
    const text = await (await fetch(`${service.ready.metrics ?? ''}/metrics`)).text();
    const labels = '{model="lagged-sine",version="1"}';
    expect(text).toContain(`nv_inference_request_success${labels} 3\n`);
    expect(text).toContain(`nv_inference_count${labels} 3\n`);
    expect(text).toContain(
      'nv_inference_request_failure{model="lagged-sine",version="1",reason="OTHER"} 1\n',
    );
    expect((await fetch(`${service.url}/metrics`)).status).toBe(404);
  });

  it('refuses a port that is taken, naming the option', async () => {
    const port = String(service.port);
    const { code, stderr } = await runCommand([
      'serve',
      ...['--models', exampleModels, '--http-port', '0', '--metrics-port', port],
    ]);
    expect(stderr).toBe(
      `cannot listen on 127.0.0.1 port ${port}: another program uses it; choose another --metrics-port, or 0 for a free port\n`,
    );
    expect(code).toBe(2);
  });

  it('refuses an address that this machine does not have, naming the option', async () => {
    const { code, stderr } = await runCommand([
      ...['serve', '--models', exampleModels, '--http-port', '0'],
      // Of a network for documentation alone (RFC 5737).
      ...['--metrics-port', '0', '--host', '192.0.2.1'],
    ]);
    expect(stderr).toBe(
      'cannot listen on 192.0.2.1 port 0: this machine does not have the address; choose another --host\n',
    );
    expect(code).toBe(2);
  });

  it('refuses a gRPC port that is taken, naming the option', async () => {
    const port = String(service.port);
    const { code, stderr } = await runCommand([
      'serve',
      ...['--models', exampleModels, '--http-port', '0', '--grpc-port', port],
    ]);
    expect(stderr).toBe(
      `cannot listen on 127.0.0.1 port ${port}: another program uses it; choose another --grpc-port, or 0 for a free port\n`,
    );
    expect(code).toBe(2);
  });
});
