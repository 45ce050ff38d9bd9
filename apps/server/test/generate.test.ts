import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseManifest } from '@onda/contract';
import { floatTensor, runGenerator } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectClose, streamed } from './support/generated.ts';
import type { Generated, Streamed } from './support/generated.ts';
import { lstmOf, putGenerator, windowModel, wordsModel } from './support/generatorModels.ts';
import { putModel } from './support/modelFolders.ts';
import { getJson, post } from './support/requests.ts';
import type { Answer } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let folder: string;
let service: ServiceProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-generate-'));
  const gaussian = { kind: 'gaussian', source: 'seed' } as const;
  await putGenerator(folder, 'drawn', lstmOf(2), { sampling: gaussian });
  await putGenerator(folder, 'ahead', lstmOf(2), { sampling: gaussian, lag: 3 });
  await putGenerator(folder, 'noisy', lstmOf(2), { sampling: { ...gaussian, source: 'noise' }, lag: 3 });
  await putGenerator(folder, 'plain', lstmOf(1), { sampling: null, states: 'separate' });
  const categorical = { kind: 'categorical', from: 'probabilities', temperature: 1, source: 'seed' } as const;
  await putGenerator(folder, 'words', wordsModel(), { sampling: categorical, states: 'separate' });
  await putGenerator(folder, 'window', windowModel(), { sampling: { ...categorical, temperature: 0 } });
  await putGenerator(folder, 'foreign', lstmOf(1), { sampling: null, manifest: false });
  await putGenerator(folder, 'foreign-noise', lstmOf(2), {
    sampling: { ...gaussian, source: 'noise' },
    manifest: false,
  });
  await putModel(folder, 'no-generator', 1, 'plus1');
  await writeFile(join(folder, 'no-generator/1/generator.onnx'), 'not a model');
  service = await startService(folder, ['--metrics-port', '0']);
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

const generate = (model: string, body: object): Promise<Answer<Generated>> =>
  post<Generated>(`${service.url}/v2/models/${model}/generate`, body);
const stream = (model: string, body: object): Promise<Streamed> =>
  streamed(`${service.url}/v2/models/${model}/generate_stream`, body);

/** By the generator itself. */
async function valuesOf(model: string, seed: bigint, samples: number): Promise<ArrayLike<number>> {
  const { manifest, files } = await readModelFolder(join(folder, model));
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const session = await runtime.createSession(files.get('generator.onnx')?.bytes ?? new Uint8Array(0));
  const prompt = floatTensor([1, 3, 1], [0.1, 0.2, 0.3]);
  const call = { prompt, samples, draws: { seed } };
  const { y } = await runGenerator(session, parseManifest(manifest, model), call);
  await session.release();
  return y.data as Float32Array;
}

describe('generate with a seed', () => {
  it('draws the values of the generator for a seed, and returns the seed that the service chose', async () => {
    const body = { prompt: [0.1, 0.2, 0.3], samples: 20 };
    const { body: given } = await generate('drawn', { ...body, seed: 7 });
    expect(given.seed).toBe(7);
    expectClose(given.values, await valuesOf('drawn', 7n, 20));
    const { body: chosen } = await generate('drawn', body);
    expect((await generate('drawn', { ...body, seed: chosen.seed })).body).toEqual(chosen);
    expect(chosen.values).not.toEqual(given.values);
    const large = await generate('drawn', { ...body, seed: '-9223372036854775808' });
    expect(large.body.seed).toBe('-9223372036854775808');
  });

  it('draws noise from the seed for a model with a noise input, or uses the given noise', async () => {
    const prompt = [0.1, 0.2, 0.3];
    const { body: seeded } = await generate('ahead', { prompt, samples: 2, seed: 5 });
    expectClose((await generate('noisy', { prompt, samples: 2, seed: 5 })).body.values, seeded.values);
    const noise = [[0], [0]];
    const still = await generate('noisy', { prompt, samples: 2, noise });
    expect(still.body.seed).toBeUndefined();
    expect(still.body.values).toHaveLength(2);
  });

  it('streams the same values, whatever the size of the pieces', async () => {
    const bodies: [model: string, body: object][] = [
      ['drawn', { prompt: [0.1], samples: 200, seed: 3 }],
      ['ahead', { prompt: [0.1, 0.2, 0.3], samples: 200, seed: 3 }],
      ['noisy', { prompt: [0.1, 0.2, 0.3], samples: 193, seed: 3 }],
      ['words', { prompt: [1, 2], samples: 200, seed: 3 }],
      ['plain', { prompt: [0.1], samples: 200, return_state: true }],
    ];
    for (const [model, body] of bodies) {
      const { body: whole } = await generate(model, body);
      const { pieces, ...streamed } = await stream(model, body);
      expect(pieces).toBe(4);
      // Of a seed come the same bits, since what is drawn of others may be another class.
      if ('seed' in body && model !== 'noisy') expect(streamed.values).toEqual(whole.values);
      expectClose(streamed.values, whole.values);
      expectClose(streamed.state ?? [], whole.state ?? []);
    }
  });

  it.each([
    ['drawn', 4, 'each piece where the one before it ended'],
    ['ahead', 3, 'each run from the prompt, since with the lag a continued run would differ in bits'],
  ])('streams model %s in %i runs: %s', async (model, runs) => {
    const executions = async (): Promise<number> => {
      interface Statistics {
        model_stats: { execution_count: number }[];
      }
      const { body } = await getJson<Statistics>(`${service.url}/v2/models/${model}/stats`);
      return body.model_stats[0].execution_count;
    };
    const before = await executions();
    await stream(model, { prompt: [0.1, 0.2, 0.3], samples: 200, seed: 3 });
    expect((await executions()) - before).toBe(runs);
  });
});

describe('generate in the metrics', () => {
  it('counts as a request, its rows and runs, and by the time to the first event', async () => {
    const read = async (): Promise<Record<string, number>> => {
      const text = await (await fetch(`${service.ready.metrics ?? ''}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.includes('{model="window",version="1"}'));
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('{')), Number(line.split(' ')[1])]),
      );
    };
    const prompt = Array.from({ length: 5 }, () => [1, 0, 0]);
    const before = await read();
    expect((await generate('window', { prompt: [prompt, prompt], samples: 3 })).status).toBe(200);
    await stream('window', { prompt, samples: 100 });
    expect((await generate('window', { prompt: [1] })).status).toBe(400);
    const after = await read();
    const more = (name: string): number => after[name] - before[name];
    expect(more('nv_inference_request_success')).toBe(2);
    expect(more('nv_inference_count')).toBe(2 + 2);
    expect(more('nv_inference_exec_count')).toBe(1 + 2);
    expect(more('nv_inference_first_response_histogram_ms_count')).toBe(1);
  });
});

describe('generate with third-party models', () => {
  it('supports words as inputs and outputs', async () => {
    const { body } = await generate('words', {
      prompt: [
        [1, 2],
        [5, 0],
      ],
      samples: 3,
      seed: 1,
    });
    const words = body.values as unknown as number[][];
    expect(words.map((row) => row.length)).toEqual([3, 3]);
    expect(words.flat().every((word) => Number.isInteger(word) && word >= 0 && word < 6)).toBe(true);
    expect(await generate('words', { prompt: [0.5], samples: 1 })).toMatchObject({ status: 400 });
  });

  it('continues from the states of an earlier response, packed in one row', async () => {
    const { body: whole } = await generate('plain', { prompt: [0.3], samples: 9 });
    const { body: first } = await generate('plain', { prompt: [0.3], samples: 4, return_state: true });
    expect(first.state).toHaveLength(8);
    const { body: rest } = await generate('plain', {
      prompt: [first.values[3]],
      samples: 5,
      state: first.state,
    });
    expectClose([...first.values, ...rest.values], whole.values);
  });

  it('gives the last values to a model of windows again', async () => {
    const prompt = [0, 1, 2, 1, 0].map((place) => [0, 1, 2].map((at) => Number(at === place)));
    const body = { prompt, samples: 130 };
    const { body: whole } = await generate('window', body);
    expect((await stream('window', body)).values).toEqual(whole.values);
    expect(await generate('window', { ...body, return_state: true })).toMatchObject({
      status: 400,
      body: {
        error:
          'return_state: expected none, since the model keeps no state, got true; send the last values as the next prompt to continue',
      },
    });
  });

  it('runs a generator without a manifest, and ignores a file that is not a generator', async () => {
    const [{ body: own }, { body: foreign }] = await Promise.all(
      ['plain', 'foreign'].map((model) => generate(model, { prompt: [0.3], samples: 5 })),
    );
    expectClose(foreign.values, own.values);
    expect(await generate('foreign-noise', { prompt: [0.3], samples: 1, seed: 1 })).toMatchObject({
      status: 400,
      body: {
        error:
          'noise: expected the draws of each sample, since model "foreign-noise" has no sampling for a seed, got none; send noise',
      },
    });
    expect((await generate('foreign-noise', { prompt: [0.3], samples: 1, noise: [[0]] })).status).toBe(200);
    expect(await generate('no-generator', { prompt: [0.3], samples: 1 })).toMatchObject({
      status: 400,
      body: {
        error:
          'model "no-generator" has no generator: its outputs are not its inputs, or it was exported without one; use infer',
      },
    });
    expect(service.stderr()).toMatch(
      /generator\.onnx: .*; model "no-generator" is served without generate\n/,
    );
  });
});

describe('generate from a live sequence', () => {
  async function step(model: string, id: string, values: readonly number[], start: boolean): Promise<void> {
    const { body: metadata } = await getJson<{
      inputs: { name: string; datatype: string; shape: number[] }[];
    }>(`${service.url}/v2/models/${model}`);
    const [{ name, datatype, shape }] = metadata.inputs;
    const dims = [1, values.length, ...shape.slice(2)];
    const answer = await post(`${service.url}/v2/models/${model}/infer`, {
      parameters: { sequence_id: id, sequence_start: start },
      inputs: [{ name, datatype, shape: dims, data: values }],
    });
    expect(answer.status).toBe(200);
  }

  it.each([['plain'], ['foreign']])(
    'of model %s: the values of its closed loop, if it can compute them',
    async (model) => {
      await step(model, 'a', [0.1, 0.2], true);
      const answer = await generate(model, { sequence_id: 'a', samples: 5 });
      if (model === 'foreign') {
        expect(answer).toMatchObject({
          status: 400,
          body: {
            error:
              'model "foreign": its generator does not continue from its sequences\' states; generate from a prompt',
          },
        });
        return;
      }
      const { body: expected } = await generate(model, { prompt: [0.1, 0.2], samples: 5 });
      expectClose(answer.body.values, expected.values);
      expectClose(
        (await stream(model, { sequence_id: 'a', samples: 130 })).values.slice(0, 5),
        expected.values,
      );
    },
  );

  it('draws the same values for a seed, and does not change the sequence', async () => {
    for (const [model, values] of [
      ['drawn', [0.1, 0.2]],
      ['ahead', [0.1, 0.2, 0.3]],
      ['words', [1, 2]],
    ] as const) {
      await step(model, 'b', values, true);
      const body = { sequence_id: 'b', samples: 150, seed: 9 };
      const { body: first } = await generate(model, body);
      expect(first.values).toHaveLength(150);
      expect((await generate(model, body)).body).toEqual(first);
      expectClose((await stream(model, body)).values, first.values);
      const other = await generate(model, { ...body, seed: 10 });
      expect(other.body.values).not.toEqual(first.values);
      // The first value is the one that the generator draws first of the same seed after the same samples.
      const { body: prompted } = await generate(model, { prompt: values, samples: 1, seed: 9 });
      expectClose(first.values.slice(0, 1), prompted.values);
      await step(model, 'b', values, false);
    }
  });

  it('rejects a seed for a model without sampling, and an unknown sequence', async () => {
    await step('plain', 'c', [0.1], true);
    expect(await generate('plain', { sequence_id: 'c', samples: 1, seed: 1 })).toMatchObject({
      status: 400,
      body: { error: 'seed: expected none, since model "plain" draws nothing, got 1; leave it out' },
    });
    expect(await generate('plain', { sequence_id: 'unknown', samples: 1 })).toMatchObject({ status: 404 });
  });
});
