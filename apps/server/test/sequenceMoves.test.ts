import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJson, post } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';
import { httpSteps } from './support/stepClient.ts';
import type { AskStep } from './support/stepClient.ts';
import { feedOf, undisturbedRun } from './support/undisturbed.ts';

const services: ServiceProcess[] = [];
let undisturbed: Float32Array;
let models: string[];
let steps: AskStep[];

beforeAll(async () => {
  services.push(...(await Promise.all([startService(), startService()])));
  models = services.map(({ url }) => `${url}/v2/models/lagged-sine`);
  steps = services.map(({ url }) => httpSteps(() => url));
  undisturbed = await (await undisturbedRun())(1, 12);
});
afterAll(async () => {
  for (const service of services) await service.stop();
});

/** Steps a sequence from one number of steps to another, and holds its values against an undisturbed run's. */
async function walk(ask: AskStep, id: string, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) {
    const outcome = await ask({ id, value: feedOf(1, step), start: step === 0 });
    expect(outcome).toEqual({ kind: 'value', value: undisturbed[step], step: step + 1 });
  }
}

/** The orders of sums in a loop inside the graph and in one outside of it differ; 20 samples of about 1, float32. */
const LOOP_ATOL = 1e-5;

describe('a live sequence', () => {
  it('generates what its closed loop gives, and stays where it is', async () => {
    await walk(steps[0], 'live', 0, 6);
    const answer = await post<{ values: number[] }>(`${models[0]}/generate`, {
      sequence_id: 'live',
      samples: 20,
    });
    expect(answer.status).toBe(200);
    await walk(steps[0], 'live', 6, 12);

    await walk(steps[0], 'loop', 0, 6);
    const loop = [undisturbed[5]];
    while (loop.length < 20) {
      const outcome = await steps[0]({ id: 'loop', value: Math.fround(loop[loop.length - 1]) });
      loop.push(outcome.kind === 'value' ? outcome.value : NaN);
    }
    expect(answer.body.values).toHaveLength(20);
    expect(answer.body.values[0]).toBe(loop[0]);
    for (const [sample, value] of answer.body.values.entries()) {
      expect(Math.abs(value - loop[sample])).toBeLessThan(LOOP_ATOL);
    }
  });

  it('moves to another process, and continues there bit for bit', async () => {
    await walk(steps[0], 'moves', 0, 5);
    const document = await getJson<object>(`${models[0]}/sequences/moves`);
    expect(document.body).toMatchObject({
      format: 'onda-sequence-1',
      model: 'lagged-sine',
      sequence_id: 'moves',
      steps: 5,
      samples: 5,
      states: [{ input: 'state_in', output: 'state_out', datatype: 'FP32', shape: [32] }],
      recent_outputs: 1,
    });
    const put = { method: 'PUT' };
    const taken = await post<object>(`${models[1]}/sequences/moves`, document.body, put);
    expect(taken).toMatchObject({ status: 200, body: { sequence_step: 5, sequence_samples: 5 } });
    await walk(steps[1], 'moves', 5, 12);
    // The first is as it was, and so is its copy under another name.
    await post(`${models[1]}/sequences/copy%2Fof%20it`, document.body, put);
    await walk(steps[1], 'copy/of it', 5, 7);
    await walk(steps[0], 'moves', 5, 7);
    expect(await post(`${models[1]}/sequences/moves`, document.body, put)).toMatchObject({
      status: 409,
      body: {
        error: 'sequence "moves" is live already; end it with sequence_end, or choose another id',
      },
    });
    expect((await getJson<object>(`${models[1]}/sequences`)).body).toMatchObject({ live: 2, most: 10_000 });
  });

  it.each<[name: string, change: object, status: number, message: string | RegExp]>([
    [
      'another file',
      { file_sha256: 'abc' },
      409,
      /^sequence "n": expected a sequence of "lagged-sine" with SHA-256 "[0-9a-f]{12}", got one of "lagged-sine" with "abc"; serve the same file on both sides$/,
    ],
    [
      'a shorter row',
      { row: '' },
      400,
      'sequence "n": row: expected 132 bytes, got 0; send the document as it was exported',
    ],
    [
      'no steps',
      { steps: 0 },
      400,
      /^sequence "n": expected a document from GET of a sequence, got another \(steps: .*\); send it as it was exported$/,
    ],
    [
      'more steps than are counted',
      { steps: Number.MAX_SAFE_INTEGER },
      400,
      /another \(steps: .*4503599627370496\)/,
    ],
    [
      'NaN',
      { row: Buffer.from(Float32Array.from({ length: 33 }, () => NaN).buffer).toString('base64') },
      400,
      'sequence "n": row: expected finite numbers, got others in state "state_in"; send the document as it was exported',
    ],
    [
      'an infinity among its recent outputs',
      {
        row: Buffer.from(
          Float32Array.from({ length: 33 }, (_, word) => (word < 32 ? 0 : Infinity)).buffer,
        ).toString('base64'),
      },
      400,
      'sequence "n": row: expected finite numbers, got others in its recent outputs; send the document as it was exported',
    ],
  ])('is not taken from a document with %s', async (_name, change, status, message) => {
    await steps[0]({ id: 'n', value: 1, start: true });
    const { body } = await getJson<object>(`${models[0]}/sequences/n`);
    const answer = await post(`${models[1]}/sequences/n`, { ...body, ...change }, { method: 'PUT' });
    expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(message) as string } });
    await steps[0]({ id: 'n', value: 1, end: true });
  });

  it('must be there', async () => {
    const unknown = 'sequence "x": the sequence does not exist; start it with sequence_start';
    expect(await getJson(`${models[0]}/sequences/x`)).toMatchObject({
      status: 404,
      body: { error: unknown },
    });
    const generate = (body: object): ReturnType<typeof post> => post(`${models[0]}/generate`, body);
    expect(await generate({ sequence_id: 'x', samples: 1 })).toMatchObject({
      status: 404,
      body: { error: unknown },
    });
    expect(await generate({ sequence_id: 'x', samples: 1, prompt: [1] })).toMatchObject({
      status: 400,
      body: {
        error:
          '"prompt": unknown key beside sequence_id; generate from a sequence takes samples and seed alone',
      },
    });
    expect(await post(`${models[0]}/sequences/x`, {})).toMatchObject({
      status: 405,
      body: {
        error: '/v2/models/lagged-sine/sequences/x: expected GET or PUT, got POST; use GET or PUT',
      },
    });
  });
});
