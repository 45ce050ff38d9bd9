import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { circuitStates } from '@onda/serving';
import type { StoreStatus } from '@onda/serving';

/** Metrics of the store of sequences beyond this process. */
export function addStoreMetrics(registry: Registry, store: StoreStatus): void {
  const registers = [registry];
  new Gauge<'state'>({
    name: 'onda_sequence_store_circuit',
    help: 'The state that the circuit to the store is in, 1, and those it is not in, 0: closed (calls are made), half-open (one call tries), open (calls are refused)',
    registers,
    labelNames: ['state'],
    collect() {
      for (const state of circuitStates) this.set({ state }, Number(state === store.circuit));
    },
  });
  new Gauge({
    name: 'onda_sequence_store_connected',
    help: 'Whether there is a connection to the store, 1 or 0',
    registers,
    collect() {
      this.set(Number(store.connected));
    },
  });
  new Counter({
    name: 'onda_sequence_store_reconnects',
    help: 'How often the connection to the store came back',
    registers,
    collect() {
      this.reset();
      this.inc(store.reconnects);
    },
  });
}
