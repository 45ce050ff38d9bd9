import { freemem, totalmem } from 'node:os';
import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';
import type { ModelRepository, StoreStatus } from '@onda/serving';
import { circuitStates } from '@onda/serving';
import type { Access } from '../access/access.ts';

/** Adds a gauge without labels. */
export function addGauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}

/** Adds the metrics of rejected requests, changes of models, and the machine. */
export function addServiceMetrics(
  registry: Registry,
  access: Pick<Access, 'refused' | 'bytes'>,
  repository: Pick<ModelRepository, 'changes' | 'broken'>,
): void {
  const registers = [registry];
  new Counter<'reason'>({
    name: 'onda_requests_refused',
    help: 'Rejected requests: unauthorized (no known token), forbidden (Host or Origin), too-many (client limits)',
    registers,
    labelNames: ['reason'],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(access.refused)) {
        this.inc({ reason }, count);
      }
    },
  });
  new Counter<'change'>({
    name: 'onda_model_changes',
    help: 'Model versions that were loaded, failed to load, and were removed, since and including the start',
    registers,
    labelNames: ['change'],
    collect() {
      this.reset();
      for (const [change, count] of Object.entries(repository.changes)) this.inc({ change }, count);
    },
  });
  addGauge(registry, 'onda_models_broken', 'Models that are not served', () => repository.broken.length);
  addGauge(
    registry,
    'onda_reserved_bytes',
    'Request bodies, incomplete messages and unread responses, bytes',
    () => access.bytes.reserved,
  );
  addGauge(registry, 'nv_cpu_memory_total_bytes', 'Memory of the machine', totalmem);
  addGauge(registry, 'nv_cpu_memory_used_bytes', 'Used memory of the machine', () => totalmem() - freemem());
}

/** Adds the metrics of a sequence store outside the process. */
export function addStoreMetrics(registry: Registry, store: StoreStatus): void {
  new Gauge<'state'>({
    name: 'onda_sequence_store_circuit',
    help: 'State of the circuit breaker, 1 for the current one: closed (calls are made), half-open (one test call), open (calls are rejected)',
    registers: [registry],
    labelNames: ['state'],
    collect() {
      for (const state of circuitStates) this.set({ state }, Number(state === store.circuit));
    },
  });
  addGauge(registry, 'onda_sequence_store_connected', 'Whether the sequence store is connected, 1 or 0', () =>
    Number(store.connected),
  );
  new Counter({
    name: 'onda_sequence_store_reconnects',
    help: 'How often the connection to the sequence store was restored',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(store.reconnects);
    },
  });
}
