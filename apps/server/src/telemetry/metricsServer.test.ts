import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProtocolError } from '@onda/protocol';
import type { Session } from '@onda/runtime';
import { floatTensor } from '@onda/runtime';
import type { ServedModel } from '@onda/serving';
import { ModelRepository } from '@onda/serving';
import { countRequest, MemoryState, simpleModel } from '@onda/serving/testing';
import { Access } from '../access/access.ts';
import { AccessError } from '../access/accessError.ts';
import { Health } from '../health.ts';
import { listenOn, urlOf } from '../listen.ts';
import { createLog } from './log.ts';
import { createMetricsServer } from './metricsServer.ts';

const tensor = { type: 'float32', shape: ['batch', 1] };
const session: Session = {
  inputs: [{ name: 'x', ...tensor }],
  outputs: [{ name: 'y', ...tensor }],
  provider: 'fake',
  run: ({ x }) => Promise.resolve({ y: x }),
  release: () => Promise.resolve(),
};
const sequences = new MemoryState({ most: 8, idleMs: 1000, ageMs: 1000 });
const model = simpleModel(
  session,
  { maxRows: 8, maxValues: 8, delayUs: 0, maxWaiting: 8 },
  {
    sequenceCounts: sequences.counts('v'),
    layout: { rowSize: 5 } as unknown as ServedModel['layout'],
    bytes: 1234,
    loadMs: 1500,
  },
);
const { stats, batcher } = model;
const runtime = { alive: true, pending: 0, stalledMs: 0 };
let access: Access;
let health: Health;
let repository: ModelRepository;
let server: ReturnType<typeof createMetricsServer>;
let url: string;

beforeEach(async () => {
  repository = new ModelRepository([model], [{ name: 'bad', problem: 'damaged' }]);
  access = new Access(undefined, {}, [], '127.0.0.1');
  health = new Health(runtime);
  server = createMetricsServer({
    serving: { repository, store: { circuit: 'half-open', connected: true, reconnects: 2 } },
    access,
    health,
    runtime,
    log: createLog({ format: 'json', level: 'silent' }),
  });
  await listenOn(server, '127.0.0.1', 0);
  url = urlOf(server);
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

/** The value of each line of a metric, by its labels. */
async function read(name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(
    lines.map((line) => {
      const [key, value] = line.slice(name.length).split(' ');
      return [key, Number(value)];
    }),
  );
}

describe(createMetricsServer, () => {
  const m = '{model="m",version="1"}';

  it('counts requests, rows and runs under the names of Triton', async () => {
    await Promise.all(
      [1, 2, 3].map((value) =>
        countRequest(stats, () => batcher.run({ x: floatTensor([1, 1], [value]) }, ['y'])),
      ),
    );
    await countRequest(stats, () => Promise.reject(new ProtocolError('unavailable', 'full'))).catch(
      () => undefined,
    );
    await countRequest(stats, () => Promise.reject(new TypeError('a defect'))).catch(() => undefined);
    expect(await read('nv_inference_request_success')).toEqual({ [m]: 3 });
    expect(await read('nv_inference_count')).toEqual({ [m]: 3 });
    expect(await read('nv_inference_exec_count')).toEqual({ [m]: 1 });
    expect(await read('nv_inference_pending_request_count')).toEqual({ [m]: 0 });
    expect(await read('nv_inference_request_failure')).toEqual({
      '{model="m",version="1",reason="REJECTED"}': 1,
      '{model="m",version="1",reason="CANCELED"}': 0,
      '{model="m",version="1",reason="BACKEND"}': 1,
      '{model="m",version="1",reason="OTHER"}': 0,
    });
    expect(await read('onda_inference_batch_count')).toMatchObject({
      '{model="m",version="1",rows_at_most="2"}': 0,
      '{model="m",version="1",rows_at_most="4"}': 1,
    });
  });

  it('sums microseconds, the request at least as long as its queue and run', async () => {
    const request = (await read('nv_inference_request_duration_us'))[m];
    const queue = (await read('nv_inference_queue_duration_us'))[m];
    const compute = (await read('nv_inference_compute_infer_duration_us'))[m];
    expect(queue).toBeGreaterThan(0);
    // Each of the two sums was rounded.
    expect(request).toBeGreaterThanOrEqual(queue + compute - 1);
  });

  it('counts sequences', async () => {
    const step = {
      expectedSteps: 0,
      expectedVersion: '',
      version: 'v',
      row: Int32Array.of(0),
      steps: 1,
      samples: 1,
      last: undefined,
    };
    for (const id of ['a', 'b', 'c']) void sequences.compareAndSwap(id, { ...step, end: id === 'a' });
    expect(await read('onda_sequences_live')).toEqual({ [m]: 2 });
    expect(await read('onda_sequences_started')).toEqual({ [m]: 3 });
    expect(await read('onda_sequences_ended')).toEqual({ [m]: 1 });
    expect(await read('onda_sequences_expired')).toEqual({ [m]: 0 });
    expect(await read('onda_sequence_state_bytes')).toEqual({ [m]: 2 * 5 * 4 });
  });

  it('has summaries of times and the histogram of first responses under the names of Triton', async () => {
    stats.firstResponse(3);
    stats.firstResponse(70_000);
    const bucket = await read('nv_inference_first_response_histogram_ms_bucket');
    expect(bucket['{model="m",version="1",le="2"}']).toBe(0);
    expect(bucket['{model="m",version="1",le="5"}']).toBe(1);
    expect(bucket['{model="m",version="1",le="5000"}']).toBe(1);
    expect(bucket['{model="m",version="1",le="+Inf"}']).toBe(2);
    expect(await read('nv_inference_first_response_histogram_ms_count')).toEqual({ [m]: 2 });
    expect(await read('nv_inference_first_response_histogram_ms_sum')).toEqual({ [m]: 70_003 });
    for (const name of ['request', 'queue', 'compute_infer']) {
      const summary = `nv_inference_${name}_summary_us`;
      expect(await read(`${summary}_count`)).toEqual({ [m]: 3 });
      const quantiles = Object.entries(await read(summary)).map(([labels, value]) => [labels, value > 0]);
      expect(quantiles).toEqual(
        [0.5, 0.9, 0.95, 0.99, 0.999].map((quantile) => [
          `{model="m",version="1",quantile="${quantile}"}`,
          true,
        ]),
      );
    }
  });

  it('reports the sizes and changes of models', async () => {
    expect(await read('onda_model_bytes')).toEqual({ [m]: 1234 });
    expect(await read('nv_model_load_duration_secs')).toEqual({ [m]: 1.5 });
    repository.remove('m');
    expect(await read('onda_model_bytes')).toEqual({});
    expect(await read('onda_model_changes')).toEqual({
      '{change="loaded"}': 1,
      '{change="failed"}': 1,
      '{change="removed"}': 1,
    });
  });

  it('reports the circuit of the sequence store', async () => {
    expect(await read('onda_sequence_store_circuit')).toEqual({
      '{state="closed"}': 0,
      '{state="half-open"}': 1,
      '{state="open"}': 0,
    });
    expect(await read('onda_sequence_store_connected')).toEqual({ '': 1 });
    expect(await read('onda_sequence_store_reconnects')).toEqual({ '': 2 });
  });

  it('counts rejected requests, and reports readiness', async () => {
    access.countRefusal(new AccessError('unauthorized', 'x'));
    access.countRefusal(new AccessError('unauthorized', 'x'));
    expect(await read('onda_requests_refused')).toEqual({
      '{reason="unauthorized"}': 2,
      '{reason="forbidden"}': 0,
      '{reason="too-many"}': 0,
    });
    expect(await read('onda_ready')).toEqual({ '': 1 });
    expect(await read('onda_requests_active')).toEqual({ [m]: 0 });
  });

  it('reports the memory of the process', async () => {
    expect((await read('process_resident_memory_bytes'))['']).toBeGreaterThan(10_000_000);
  });

  it('answers the health checks', async () => {
    const probe = async (name: string): Promise<unknown> => {
      const response = await fetch(`${url}/v2/health/${name}`);
      return [response.status, await response.json()];
    };
    expect(await probe('live')).toEqual([200, { live: true }]);
    expect(await probe('ready')).toEqual([200, { ready: true }]);
    health.draining = true;
    expect(await probe('live')).toEqual([200, { live: true }]);
    expect(await probe('ready')).toEqual([503, { ready: false }]);
  });

  it('answers nothing else', async () => {
    const response = await fetch(`${url}/v2/models`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: 'expected GET of /metrics, /v2/health/live, /v2/health/ready; request one of them',
    });
  });

  it('rejects the name of another host on loopback, which DNS rebinding would give it', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      get(`${url}/metrics`, { headers: { host: 'rebound.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).once('error', reject);
    });
    expect(status).toBe(403);
  });
});
