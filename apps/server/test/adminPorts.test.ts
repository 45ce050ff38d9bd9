import { setTimeout as delay } from 'node:timers/promises';
import { Client, compressionAlgorithms, credentials } from '@grpc/grpc-js';
import { createRandom } from '@onda/series';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RepositoryControl } from '@onda/serving';
import { openAdmin } from '../src/admin/openAdmin.ts';
import type { AdminParts, AdminPorts } from '../src/admin/openAdmin.ts';
import { inferenceService } from '../src/grpc/protoServices.ts';
import { Health } from '../src/health.ts';
import { timeouts } from '../src/limits.ts';
import { createLog } from '../src/telemetry/log.ts';
import { mutateBytes } from './fuzz/mutateBytes.ts';
import { GrpcClient } from './support/grpcClient.ts';
import { post } from './support/requests.ts';

// Here the repository is a table of names, to hold a call up and to see all that reaches it; admin.test.ts and adminGrpc.test.ts have the real one.
let asked: string[];
let load: () => Promise<void>;
let defects: string[];
let health: Health;
let parts: AdminParts;
let ports: AdminPorts;
let address: string;
let endings: (() => Promise<void>)[];
let client: GrpcClient;

const control: RepositoryControl = {
  index: (readyOnly) => {
    asked.push(`index ${String(readyOnly)}`);
    return Promise.resolve([]);
  },
  load: (name) => {
    asked.push(`load ${name}`);
    return load();
  },
  unload: (name) => {
    asked.push(`unload ${name}`);
    return Promise.resolve();
  },
};

const options = { grpcPort: 0, grpcEngine: 'onda', tokens: undefined } as const;

beforeEach(async () => {
  asked = [];
  defects = [];
  load = () => Promise.resolve();
  endings = [];
  health = new Health({ alive: true, stalledMs: 0 });
  parts = {
    control,
    tokens: undefined,
    health,
    log: createLog({ format: 'text', level: 'error' }, (text) => defects.push(text)),
    tracing: undefined,
  };
  ports = await openAdmin(parts, { ...options, adminPort: 0 }, endings);
  address = ports.adminGrpcAddress ?? '';
  client = new GrpcClient(address);
});
afterEach(async () => {
  client.close();
  for (const end of endings) await end();
});

describe(openAdmin, () => {
  it('finishes accepted loads before it closes, and reports that it is shutting down', async () => {
    const waiting: (() => void)[] = [];
    load = () => new Promise((resolve) => waiting.push(resolve));
    const overGrpc = client.call('RepositoryModelLoad', { model_name: 'g' });
    const overHttp = post(`${ports.adminUrl ?? ''}/v2/repository/models/h/load`, {});
    await expect.poll(() => waiting).toHaveLength(2);
    health.draining = true;
    expect(await client.call('ServerReady', {})).toEqual({ ready: false });
    let closed = 0;
    const closing = endings.splice(0).map((end) => end().then(() => closed++));
    await delay(3 * timeouts.drainStepMs);
    expect(closed).toBe(0);
    for (const loaded of waiting) loaded();
    expect(await overGrpc).toEqual({});
    expect((await overHttp).status).toBe(200);
    await Promise.all(closing);
  });

  it('rejects a port in use, naming the option', async () => {
    const http = Number(new URL(ports.adminUrl ?? '').port);
    await expect(openAdmin(parts, { ...options, adminPort: http }, endings)).rejects.toThrow(
      `cannot listen on 127.0.0.1 port ${http}: another program uses it; choose another --admin-port, or 0 for a free port`,
    );
    // gRPC listens on the port after it.
    const grpc = Number(address.split(':')[1]);
    await expect(openAdmin(parts, { ...options, adminPort: grpc - 1 }, endings)).rejects.toThrow(
      `cannot listen on 127.0.0.1 port ${grpc}: another program uses it; choose another --admin-port, or 0 for a free port`,
    );
  });

  it('reports a defect in the log only', async () => {
    load = () => Promise.reject(new TypeError('of ours'));
    await expect(client.call('RepositoryModelLoad', { model_name: 'm' })).rejects.toMatchObject({
      code: 13,
      details: 'internal error; the log of the server has the details',
    });
    expect(defects).toEqual([expect.stringContaining('TypeError: of ours')]);
  });

  it('decompresses no more than the limit of an admin request', async () => {
    const packed = new Client(address, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    });
    const { RepositoryModelLoad } = inferenceService;
    const message = (length: number): Buffer =>
      RepositoryModelLoad.requestSerialize({ model_name: 'x'.repeat(length) });
    expect(await rawCall(packed, RepositoryModelLoad.path, message(60_000))).toMatchObject({ code: 0 });
    expect(await rawCall(packed, RepositoryModelLoad.path, message(1_000_000))).toEqual({
      code: 8,
      details:
        'message: expected at most 65536 bytes, got more; send less; put files and configuration into the folder of the model',
    });
    packed.close();
  });

  it('accepts messages of the .proto file, and rejects others with one sentence', async () => {
    const { RepositoryIndex, RepositoryModelLoad, RepositoryModelUnload } = inferenceService;
    const random = createRandom(11);
    const model = { model_name: 'm', parameters: { unload_dependents: { bool_param: true } } };
    const messages = [
      { path: RepositoryIndex.path, bytes: RepositoryIndex.requestSerialize({ ready: true }) },
      { path: RepositoryModelLoad.path, bytes: RepositoryModelLoad.requestSerialize({ model_name: 'm' }) },
      { path: RepositoryModelUnload.path, bytes: RepositoryModelUnload.requestSerialize(model) },
    ];
    const raw = new Client(address, credentials.createInsecure());
    const codes = new Map<number, number>();
    for (let sent = 0; sent < 600; sent++) {
      const { path, bytes } = messages[sent % 3];
      const { code, details } = await rawCall(raw, path, mutateBytes(bytes, random));
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code !== 0)
        expect(details).toMatch(/^[^\n]+: expected |^the request of [^\n]+ cannot be decoded; /);
    }
    raw.close();
    expect([...codes.keys()].sort()).toEqual([0, 3]);
    expect(Math.min(...codes.values())).toBeGreaterThan(50);
    expect(asked.length).toBe(codes.get(0));
    expect(defects).toEqual([]);
  });
});

function rawCall(client: Client, path: string, bytes: Buffer): Promise<{ code: number; details: string }> {
  const asIs = (given: Buffer): Buffer => given;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, asIs, asIs, bytes, (error) => {
      resolve({ code: error?.code ?? 0, details: error?.details ?? '' });
    });
  });
}
