import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJson, inferRequest, post, sines } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

/** Pieces against one run: the state crosses between two runs of the generator; the bound of the contract for the loop. */
const ATOL = 1e-5;

interface Samples {
  values: number[];
  state?: number[];
}

let service: ServiceProcess;
let model: string;

beforeAll(async () => {
  service = await startService();
  model = `${service.url}/v2/models/lagged-sine`;
});
afterAll(async () => {
  await service.stop();
});

function stream(body: object, signal?: AbortSignal): Promise<Response> {
  const init = { method: 'POST', body: JSON.stringify(body) };
  return fetch(`${model}/generate_stream`, signal ? { ...init, signal } : init);
}

function eventsOf(text: string): Samples[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => JSON.parse(event.replace(/^data: /, '')) as Samples);
}

describe('generate_stream', () => {
  it('gives the samples of generate in pieces, and the state in the last', async () => {
    const body = { prompt: sines(5), samples: 150, return_state: true };
    const response = await stream(body);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const events = eventsOf(await response.text());
    expect(events.map(({ values, state }) => [values.length, state?.length])).toEqual([
      [64, undefined],
      [64, undefined],
      [22, 32],
    ]);
    const whole = (await post<Samples>(`${model}/generate`, body)).body;
    const values = events.flatMap((event) => event.values);
    values.forEach((value, index) => {
      expect(Math.abs(value - whole.values[index])).toBeLessThanOrEqual(ATOL);
    });
  });

  it('rejects an invalid request like every other endpoint', async () => {
    const response = await stream({ prompt: [], samples: 3 });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: 'prompt: expected at least one sample, got none; send the values to continue from',
    });
    const live = await stream({ sequence_id: 7, samples: 3 });
    expect(live.status).toBe(404);
  });

  it('stops when its client disconnects, and the service continues', async () => {
    const gone = new AbortController();
    const response = await stream({ prompt: [0.5], samples: 120_000 }, gone.signal);
    const reader = response.body?.getReader();
    await reader?.read();
    gone.abort();
    await reader?.read().catch(() => undefined);
    expect((await post(`${model}/infer`, inferRequest([0]))).status).toBe(200);
    expect(service.stderr()).not.toContain('    at ');
  });
});

describe('statistics', () => {
  it('count requests, rows and runs, of one model and of all', async () => {
    interface Statistics {
      model_stats: { name: string; inference_count: number; inference_stats: { fail: { count: number } } }[];
    }
    const before = (await getJson<Statistics>(`${model}/stats`)).body.model_stats[0];
    await post(`${model}/infer`, inferRequest([0]));
    await post(`${model}/infer`, { inputs: [] });
    const after = (await getJson<Statistics>(`${service.url}/v2/models/stats`)).body.model_stats;
    expect(after).toHaveLength(1);
    expect(after[0].name).toBe('lagged-sine');
    expect(after[0].inference_count - before.inference_count).toBe(1);
    expect(after[0].inference_stats.fail.count - before.inference_stats.fail.count).toBe(1);
  });
});

describe('generate', () => {
  it('runs nothing for clients that disconnected while they waited', async () => {
    const runs = async (): Promise<number> => {
      const { body } = await getJson<{ model_stats: { execution_count: number }[] }>(`${model}/stats`);
      return body.model_stats[0].execution_count;
    };
    const before = await runs();
    // A tenth of a second each, one after the other.
    const ask = (signal: AbortSignal): Promise<unknown> =>
      fetch(`${model}/generate`, {
        method: 'POST',
        body: JSON.stringify({ prompt: [0], samples: 100_000 }),
        signal,
      }).catch(() => undefined);
    const gone = AbortSignal.timeout(100);
    await Promise.all(Array.from({ length: 30 }, () => ask(gone)));
    const last = await post<Samples>(`${model}/generate`, { prompt: [0], samples: 1 });
    expect(last.status).toBe(200);
    // Those that ran before the clients left, and the last; all 31 without a look at who waits.
    expect((await runs()) - before).toBeLessThan(15);
  });
});
