import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import { findOpenssl, makeCertificate } from '@onda/grpc-server/testing';
import type { CertificateFiles } from '@onda/grpc-server/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GrpcClient, grpcRequest, healthService } from './support/grpcClient.ts';
import type { InferAnswer, StreamAnswer } from './support/grpcClient.ts';
import { getJson, inferRequest } from './support/requests.ts';
import { runCommand, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const run = promisify(execFile);
const hasOpenssl = findOpenssl();

let folder: string;
let service: ServiceProcess | undefined;
let first: CertificateFiles;
let versions = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-tls-'));
  versions = 0;
  if (hasOpenssl) first = makeCertificate('first');
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  await rm(folder, { recursive: true });
});

const options = (): string[] => [
  ...['--tls-cert', join(folder, 'tls.crt'), '--tls-key', join(folder, 'tls.key')],
];

/** As Kubernetes does for a secret: a folder per version, `..data` links to it, and the files link to that. */
async function putSecret({ cert, key }: CertificateFiles): Promise<void> {
  const version = `..${++versions}`;
  await mkdir(join(folder, version));
  await writeFile(join(folder, version, 'tls.crt'), cert);
  await writeFile(join(folder, version, 'tls.key'), key);
  await symlink(version, join(folder, '..new'));
  await rename(join(folder, '..new'), join(folder, '..data'));
  if (versions > 1) return;
  for (const name of ['tls.crt', 'tls.key']) await symlink(join('..data', name), join(folder, name));
}

const secure = (address: string, options: ConnectionOptions = {}): Promise<TLSSocket | string> => {
  const { hostname: host, port } = new URL(address.startsWith('http') ? address : `https://${address}`);
  return new Promise((resolve) => {
    const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => {
      resolve(socket);
    });
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => {
      resolve(code);
    });
  });
};

/** The name of the certificate that new connections get. */
async function nameAt(address: string, ALPNProtocols?: string[]): Promise<string> {
  const socket = await secure(address, ALPNProtocols ? { ALPNProtocols } : {});
  if (typeof socket === 'string') return socket;
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN as string;
}

function get(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume().once('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    sent.once('error', reject).end();
  });
}

describe.skipIf(!hasOpenssl).each(['onda', 'grpc-js'])('TLS with the gRPC engine %s', (engine) => {
  it('serves HTTP and gRPC to the usual clients, the health checks of the metrics port without it', async () => {
    await putSecret(first);
    service = await startService(undefined, [
      ...options(),
      ...['--grpc-port', '0', '--metrics-port', '0', '--admin-port', '0', '--grpc-engine', engine],
    ]);
    const { http, grpc = '', metrics = '', admin = '' } = service.ready;
    expect([http, metrics, admin].map((url) => new URL(url).protocol)).toEqual(['https:', 'http:', 'http:']);

    const body = JSON.stringify(inferRequest([0.5, 0.25]));
    const infer = `${http}/v2/models/lagged-sine/infer`;
    const curl = await run('curl', ['-sS', '--cacert', join(folder, 'tls.crt'), '-d', body, infer]);
    const fetched = await run(
      process.execPath,
      [
        '-e',
        'fetch(process.argv[1], { method: "POST", body: process.argv[2] }).then(async (r) => console.log(await r.text()))',
        infer,
        body,
      ],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'tls.crt') } },
    );
    const answer = JSON.parse(curl.stdout) as { outputs: unknown[] };
    expect(answer.outputs).toHaveLength(2);
    expect(JSON.parse(fetched.stdout)).toEqual(answer);

    const trusted = credentials.createSsl(Buffer.from(first.cert));
    const client = new GrpcClient(grpc, undefined, trusted);
    const parameters = { sequence_id: { string_param: 'a' } };
    const start = { ...parameters, sequence_start: { bool_param: true } };
    await client.call<InferAnswer>('ModelInfer', grpcRequest([0.5], { parameters: start }));
    const stream = client.stream();
    for (let step = 0; step < 50; step++) stream.write(grpcRequest([0.5], { parameters }));
    stream.end();
    const steps: string[] = [];
    for await (const message of stream) {
      steps.push((message as StreamAnswer).infer_response.parameters.sequence_step.int64_param ?? '');
    }
    expect(steps).toEqual(Array.from({ length: 50 }, (_, step) => String(step + 2)));
    const health = new GrpcClient(grpc, healthService, trusted);
    expect(await health.call('Check', {})).toMatchObject({ status: 'SERVING' });

    expect((await getJson(`${metrics}/v2/health/ready`)).status).toBe(200);
    expect(await (await fetch(`${metrics}/metrics`)).text()).toMatch(
      /^onda_tls_certificate_expiry_seconds \d{10}/m,
    );

    // What is not TLS 1.2 or later, not TLS at all, or not trusted.
    const old = await secure(http, {
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    expect(old).toBeTypeOf('string');
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await secure(http, { maxVersion: version, minVersion: version });
      expect((socket as TLSSocket).getProtocol()).toBe(version);
      (socket as TLSSocket).destroy();
    }
    await expect(fetch(http.replace('https', 'http'))).rejects.toThrow('fetch failed');
    await expect(new GrpcClient(grpc).call('ServerLive', {})).rejects.toMatchObject({ code: 14 });
    const untrusting = new GrpcClient(grpc, undefined, credentials.createSsl());
    await expect(untrusting.call('ServerLive', {})).rejects.toMatchObject({ code: 14 });
    expect(await nameAt(grpc, ['http/1.1'])).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');

    // A handshake that is never completed does not hold up the shutdown.
    const idle = [http, `https://${grpc}`].map((url) => connect(Number(new URL(url).port), '127.0.0.1'));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    for (const each of [client, health, untrusting]) each.close();
    expect(await service.stop()).toBe(0);
    service = undefined;
    for (const socket of idle) socket.destroy();
  });

  it('uses a replaced secret for new connections, without an error on the others', async () => {
    await putSecret(first);
    service = await startService(undefined, [...options(), '--grpc-port', '0', '--grpc-engine', engine]);
    const { http, grpc = '' } = service.ready;
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: first.cert });
    const client = new GrpcClient(grpc, undefined, credentials.createSsl(Buffer.from(first.cert)));
    const both = async (): Promise<void> => {
      expect(await get(`${http}/v2/health/live`, agent)).toBe(200);
      expect(await client.call('ServerLive', {})).toMatchObject({ live: true });
    };
    await both();
    const second = makeCertificate('second');
    // The pair does not match at first.
    await putSecret({ cert: second.cert, key: first.key });
    await expect
      .poll(() => service?.stderr(), { timeout: 10_000 })
      .toContain('new connections use the previous certificate');
    expect([await nameAt(http), await nameAt(grpc, ['h2'])]).toEqual(['first', 'first']);
    await putSecret(second);
    await expect.poll(() => nameAt(http), { timeout: 10_000 }).toBe('second');
    expect(await nameAt(grpc, ['h2'])).toBe('second');
    // Connections of before.
    await both();
    agent.destroy();
    client.close();
    expect(service.stderr().match(/new connections use the/g)).toHaveLength(2);
  });
});

describe.skipIf(!hasOpenssl)('TLS options', () => {
  it('are rejected with one sentence', async () => {
    await putSecret({ cert: first.cert, key: makeCertificate('other').key });
    const { code, stdout, stderr } = await runCommand([
      'serve',
      '--models',
      'examples/models',
      '--http-port',
      '0',
      ...options(),
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trim()).toBe(
      `--tls-key ${join(folder, 'tls.key')}: expected the private key of the first certificate in ${join(folder, 'tls.crt')}, got another; name files that belong together`,
    );
  });
});
