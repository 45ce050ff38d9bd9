import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, floatsOf, GrpcClient } from './support/grpcClient.ts';
import type { StreamAnswer } from './support/grpcClient.ts';
import { putModel } from './support/modelFolders.ts';
import { getJson, post } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';
import { sumConfig } from './support/sumModel.ts';
import type { SumAnswer } from './support/sumModel.ts';

let folder: string;
let service: ServiceProcess;
let model: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-away-'));
});
afterEach(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

/** A model with one version, for reloads and unloads by admin calls. */
async function serveAdds(policy: string): Promise<void> {
  await putModel(folder, 'adds', 1, 'adds1', sumConfig(policy));
  const options = [
    '--model-control',
    'explicit',
    '--load-model',
    'adds',
    '--admin-port',
    '0',
    '--grpc-port',
    '0',
  ];
  service = await startService(folder, options);
  model = `${service.url}/v2/models/adds`;
}

async function admin(call: 'load' | 'unload'): Promise<void> {
  const answer = await post(`${service.ready.admin}/v2/repository/models/adds/${call}`, {});
  expect(answer.status).toBe(200);
}

const x = { name: 'x', datatype: 'FP32', shape: [1, 1], data: [0] };

function step(
  path: string,
  id: string,
  more: object = {},
): Promise<{ status: number; body: SumAnswer & { parameters: object } }> {
  return post(`${model}${path}/infer`, {
    inputs: [x],
    outputs: [{ name: 'y' }],
    parameters: { sequence_id: id, ...more },
  });
}

const start = { sequence_start: true };

describe('an unloaded version', () => {
  it('continues its live sequences, by its number too, and accepts no other requests', async () => {
    await serveAdds('latest { num_versions: 1 }');
    await step('/versions/1', 'a', start);
    await putModel(folder, 'adds', 2, 'adds2');
    await admin('load');
    expect((await step('/versions/1', 'a')).body).toMatchObject({
      model_version: '1',
      outputs: [{ data: [2] }],
    });
    const error =
      'model "adds": expected version 2, which is the one served, got "1"; use that one or omit the version';
    const gone = { status: 404, body: { error } };
    expect(await step('/versions/1', 'b', start)).toMatchObject(gone);
    expect(await step('/versions/1', 'b')).toMatchObject(gone);
    const sum = { name: 'sum_in', datatype: 'FP32', shape: [1, 1], data: [5] };
    expect(await post(`${model}/versions/1/infer`, { inputs: [x, sum] })).toMatchObject(gone);
    const rows = (control: number): object => ({
      inputs: [
        x,
        { name: 'sequence_id', datatype: 'BYTES', shape: [1], data: ['a'] },
        { name: 'sequence_control_input', datatype: 'INT32', shape: [1], data: [control] },
      ],
    });
    expect(await post(`${model}/versions/1/infer`, rows(1))).toMatchObject(gone);
    expect(await post(`${model}/versions/1/infer`, rows(0))).toMatchObject({
      status: 200,
      body: { outputs: [{ data: [3] }, {}, { data: [3] }, {}, {}] },
    });
    expect((await getJson(`${model}/sequences`)).body).toMatchObject({ live: 1, started: 1 });

    const document = await getJson<object>(`${model}/versions/1/sequences/a`);
    expect(document.body).toMatchObject({ steps: 3 });
    expect(await post(`${model}/sequences/a`, document.body, { method: 'PUT' })).toMatchObject({
      status: 409,
    });
    expect(await step('/versions/1', 'a', { sequence_end: true })).toMatchObject({ status: 200 });
    // That it has ended, until the version is freed; then there is no such version.
    expect([410, 404]).toContain((await step('/versions/1', 'a')).status);
  });

  it('keeps the order of the steps of a stream whose ids were in use on it', async () => {
    await serveAdds('latest { num_versions: 1 }');
    await step('', 'stays', start);
    await step('', 'a', { sequence_start: true, sequence_end: true });
    await putModel(folder, 'adds', 2, 'adds2');
    await admin('load');
    const client = new GrpcClient(service.ready.grpc ?? '');
    const stream = client.stream();
    const answers: StreamAnswer[] = [];
    const ended = new Promise((resolve) => stream.on('end', resolve));
    stream.on('data', (answer: StreamAnswer) => answers.push(answer));
    // Sent before any is answered; the second time the id has ended on both versions.
    for (const part of [0, 1, 2, 0, 1, 2]) {
      stream.write({
        model_name: 'adds',
        parameters: {
          sequence_id: { string_param: 'a' },
          sequence_start: { bool_param: part === 0 },
          sequence_end: { bool_param: part === 2 },
        },
        inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1] }],
        outputs: [{ name: 'y' }],
        raw_input_contents: [bytesOf([0])],
      });
    }
    stream.end();
    await ended;
    client.close();
    expect(answers.map(({ error_message }) => error_message)).toEqual(['', '', '', '', '', '']);
    const values = answers.map(({ infer_response }) => floatsOf(infer_response.raw_output_contents[0])[0]);
    expect(values).toEqual([2, 4, 6, 2, 4, 6]);
    expect((await step('', 'stays')).body.model_version).toBe('1');
  });

  it('lets the sequences of an unloaded model end', async () => {
    await serveAdds('latest { num_versions: 1 }');
    await step('', 'a', start);
    await admin('unload');
    expect((await step('', 'a')).body.outputs[0].data).toEqual([2]);
    const gone = {
      status: 404,
      body: {
        error: 'model "adds": the service has no such model; GET /v2/models lists the models',
      },
    };
    expect(await step('', 'b', start)).toMatchObject(gone);
    expect((await step('', 'a', { sequence_end: true })).status).toBe(200);
    expect([410, 404]).toContain((await step('', 'a')).status);
  });
});

describe('a model of several versions', () => {
  it('lists all versions if no version is named', async () => {
    await serveAdds('all { }');
    await putModel(folder, 'adds', 2, 'adds2');
    await admin('load');
    const versions = async (path: string): Promise<unknown> =>
      (await getJson<{ versions: string[] }>(model + path)).body.versions;
    expect(await versions('')).toEqual(['1', '2']);
    expect(await versions('/versions/1')).toEqual(['1']);
    const counted = async (path: string): Promise<unknown> => {
      const { body } = await getJson<{ model_stats: { version: string }[] }>(`${model}${path}/stats`);
      return body.model_stats.map(({ version }) => version);
    };
    expect(await counted('')).toEqual(['2', '1']);
    expect(await counted('/versions/1')).toEqual(['1']);
    expect((await getJson(`${model}/config`)).body).toMatchObject({ version_policy: { all: {} } });
  });
});

describe('a sequence as a document', () => {
  it('is imported by the version with its file, and rejected if the id is in use on another', async () => {
    await serveAdds('all { }');
    await step('', 'a', start);
    const { body } = await getJson<object>(`${model}/sequences/a`);
    await putModel(folder, 'adds', 2, 'adds2');
    await admin('load');
    await step('/versions/2', 'b', start);
    const put = (id: string): Promise<{ status: number }> =>
      post(`${model}/sequences/${id}`, body, { method: 'PUT' });
    expect(await put('b')).toMatchObject({
      status: 409,
      body: { error: 'sequence "b" is live already; end it with sequence_end, or choose another id' },
    });
    expect(await put('c')).toMatchObject({ status: 200, body: { sequence_step: 1 } });
    expect((await step('', 'c')).body).toMatchObject({ model_version: '1', outputs: [{ data: [2] }] });
  });
});
