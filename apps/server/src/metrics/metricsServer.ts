import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { isLive, isReady } from '../health.ts';
import { timeouts } from '../limits.ts';
import type { Service } from '../service.ts';
import { addLatencyMetrics } from './latencyMetrics.ts';
import { addModelMetrics } from './modelMetrics.ts';
import { addServiceMetrics } from './serviceMetrics.ts';
import { addStoreMetrics } from './storeMetrics.ts';

/**
 * The metrics' own port: `GET /metrics` for Prometheus, and the probes, which answer here too when the service's port is busy
 * or taken away from whoever asks.
 */
export function createMetricsServer(service: Service): Server {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addModelMetrics(registry, service.repository);
  addLatencyMetrics(registry, service.repository);
  addServiceMetrics(registry, service);
  if (service.store) addStoreMetrics(registry, service.store);
  const answers: Readonly<Record<string, () => Promise<[status: number, type: string, body: string]>>> = {
    '/metrics': async () => [200, registry.contentType, await registry.metrics()],
    '/v2/health/live': () => Promise.resolve(probe('live', isLive(service))),
    '/v2/health/ready': () => Promise.resolve(probe('ready', isReady(service))),
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const answer =
      request.method === 'GET' && Object.hasOwn(answers, path)
        ? answers[path]()
        : Promise.resolve(notFound(Object.keys(answers)));
    answer.then(
      ([status, type, body]) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => {
        service.onDefect(error instanceof Error ? (error.stack ?? error.message) : String(error));
        response.writeHead(500).end();
      },
    );
  });
  server.headersTimeout = timeouts.headersMs;
  server.requestTimeout = timeouts.requestMs;
  server.on('close', () => {
    registry.clear();
  });
  return server;
}

const JSON_TYPE = 'application/json; charset=utf-8';

function probe(name: string, good: boolean): [number, string, string] {
  return [good ? 200 : 503, JSON_TYPE, JSON.stringify({ [name]: good })];
}

function notFound(paths: readonly string[]): [number, string, string] {
  const error = `this port answers GET ${paths.join(', ')} alone; ask for one of them`;
  return [404, JSON_TYPE, JSON.stringify({ error })];
}
