import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTracing } from '../src/telemetry/tracing.ts';
import { GrpcClient, grpcRequest } from './support/grpcClient.ts';
import { inferRequest, post } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

interface ExportedSpans {
  resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
}

const spans: Span[] = [];
const paths = new Set<string>();
let collector: Server;
let service: ServiceProcess;

beforeAll(async () => {
  collector = createServer((request, response) => {
    paths.add(request.url ?? '');
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(body) as ExportedSpans;
      for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  service = await startService(undefined, ['--grpc-port', '0'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  });
});
afterAll(() => {
  collector.close();
  collector.closeAllConnections();
});

const parent = { trace: '0af7651916cd43dd8448eb211c80319c', span: 'b7ad6b7169203331' };
const traceparent = `00-${parent.trace}-${parent.span}-01`;

describe('OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  it('continues the trace of each request, with a span for the queue and one for the run', async () => {
    await post(`${service.url}/v2/models/lagged-sine/infer`, inferRequest([0.5]), {
      headers: { traceparent },
    });
    const client = new GrpcClient(service.ready.grpc ?? '');
    const metadata = new Metadata();
    metadata.set('traceparent', traceparent);
    const start = { sequence_id: { string_param: 'a' }, sequence_start: { bool_param: true } };
    await client.call('ModelInfer', grpcRequest([0.5], { parameters: start }), metadata);
    client.close();
    // What is not sent yet is sent at the end.
    await service.stop();

    expect([...paths]).toEqual(['/v1/traces']);
    expect(spans.every(({ traceId }) => traceId === parent.trace)).toBe(true);
    const requests = spans.filter(({ parentSpanId }) => parentSpanId === parent.span);
    expect(requests.map(({ name }) => name).sort()).toEqual([
      'POST /v2/models/lagged-sine/infer',
      'inference.GRPCInferenceService/ModelInfer',
    ]);
    for (const { spanId } of requests) {
      const parts = spans.filter(({ parentSpanId }) => parentSpanId === spanId);
      expect(parts.map(({ name }) => name)).toEqual(['queue', 'run']);
      const [queue, run] = parts;
      expect(BigInt(run.startTimeUnixNano)).toBe(BigInt(queue.endTimeUnixNano));
      expect(BigInt(run.endTimeUnixNano)).toBeGreaterThan(BigInt(run.startTimeUnixNano));
    }
    expect(JSON.stringify(spans)).not.toContain('sequence');
  });
});

describe('a collector that accepts no traces', () => {
  let silent: Server;
  beforeAll(async () => {
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    silent.close();
    silent.closeAllConnections();
  });

  it('is reported, and does not block the shutdown', { timeout: 60_000 }, async () => {
    const { port } = silent.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    // Less than a collector may take by OpenTelemetry's own rule.
    const traced = await startService(undefined, [], { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    expect((await post(`${traced.url}/v2/models/lagged-sine/infer`, inferRequest([0.5]))).status).toBe(200);
    expect(await traced.stop()).toBe(0);
    expect(traced.stderr()).toMatch(
      /the trace collector at http:\/\/127\.0\.0\.1:\d+ does not accept traces \(.+\); they are dropped until it does\n/,
    );
  });

  it('is rejected at the start if it is not a URL', async () => {
    await expect(
      openTracing(() => undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'secret@host' }),
    ).rejects.toThrow(
      'OTEL_EXPORTER_OTLP_ENDPOINT: expected the URL of a collector such as http://127.0.0.1:4318, got another value; correct or unset it',
    );
  });
});
