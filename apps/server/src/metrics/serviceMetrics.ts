import { freemem, totalmem } from 'node:os';
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { RefusalReason } from '../access/access.ts';
import { isReady } from '../health.ts';
import type { Service } from '../service.ts';

/** Metrics of the service as a whole, beside those of its models. */
export function addServiceMetrics(registry: Registry, service: Service): void {
  const registers = [registry];
  new Counter<'reason'>({
    name: 'onda_requests_refused',
    help: 'Requests that were not let in: unauthorized (no known token), forbidden (a foreign page), too-many (over the share of the client)',
    registers,
    labelNames: ['reason'],
    collect() {
      this.reset();
      for (const reason in service.access.refused) {
        this.inc({ reason }, service.access.refused[reason as RefusalReason]);
      }
    },
  });
  new Counter<'change'>({
    name: 'onda_model_changes',
    help: 'Versions of models that were loaded, that did not load, and that were taken away, the start included',
    registers,
    labelNames: ['change'],
    collect() {
      this.reset();
      for (const [change, count] of Object.entries(service.repository.changes)) this.inc({ change }, count);
    },
  });
  const gauges: readonly [name: string, help: string, value: () => number][] = [
    ['onda_ready', 'Whether requests should be sent here, 1 or 0', () => Number(isReady(service))],
    ['onda_models_broken', 'Models of which nothing is served', () => service.repository.broken.length],
    ['onda_worker_runs_pending', 'Runs that the workers have not answered', () => service.runtime.pending],
    ['nv_cpu_memory_total_bytes', 'Memory of the machine', totalmem],
    ['nv_cpu_memory_used_bytes', 'Memory of the machine that is in use', () => totalmem() - freemem()],
  ];
  for (const [name, help, value] of gauges) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  }
}
