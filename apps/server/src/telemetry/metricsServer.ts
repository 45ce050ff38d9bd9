import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { errorBody } from '@onda/protocol';
import type { WorkerRuntime } from '@onda/runtime-node';
import type { Serving } from '@onda/serving';
import type { Access } from '../access/access.ts';
import type { Certificate } from '../certificate.ts';
import type { Health } from '../health.ts';
import { jsonType } from '../http/replies.ts';
import { timeouts } from '../limits.ts';
import type { Log } from './log.ts';
import { addModelMetrics } from './modelMetrics.ts';
import { addGauge, addServiceMetrics, addStoreMetrics } from './serviceMetrics.ts';

export interface MetricsSources {
  serving: Pick<Serving, 'repository' | 'store'>;
  access: Access;
  health: Health;
  runtime: Pick<WorkerRuntime, 'pending'>;
  log: Log;
  /** Undefined: no TLS. */
  tls?: Certificate | undefined;
}

type Answer = [status: number, type: string, body: string];

/** The metrics port: `GET /metrics` for Prometheus, and the health checks, which respond here too when the HTTP port is saturated. */
export function createMetricsServer({ serving, access, health, runtime, log, tls }: MetricsSources): Server {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addModelMetrics(registry, serving.repository);
  addServiceMetrics(registry, access, serving.repository);
  addGauge(registry, 'onda_ready', 'Readiness, 1 or 0', () => Number(health.ready));
  addGauge(registry, 'onda_worker_runs_pending', 'Runs queued at the workers', () => runtime.pending);
  if (serving.store) addStoreMetrics(registry, serving.store);
  if (tls) {
    const help = 'When the TLS certificate expires, seconds since 1970';
    addGauge(registry, 'onda_tls_certificate_expiry_seconds', help, () => tls.expiresAt);
  }
  const answers: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    '/metrics': async () => [200, registry.contentType, await registry.metrics()],
    '/v2/health/live': () => check('live', health.live),
    '/v2/health/ready': () => check('ready', health.ready),
  };
  const answer = async (
    method: string | undefined,
    path: string,
    host: string | undefined,
  ): Promise<Answer> => {
    if (!access.hosts.allows(host)) return failure(403, 'Host: expected an IP address or localhost; use one');
    if (method === 'GET' && Object.hasOwn(answers, path)) return answers[path]();
    return failure(404, `expected GET of ${Object.keys(answers).join(', ')}; request one of them`);
  };
  const server = createServer((request, response) => {
    answer(request.method, request.url ?? '', request.headers.host).then(
      ([status, type, body]) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => {
        log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
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

function check(name: string, good: boolean): Answer {
  return [good ? 200 : 503, jsonType['content-type'], JSON.stringify({ [name]: good })];
}

function failure(status: number, text: string): Answer {
  return [status, jsonType['content-type'], errorBody(text)];
}
