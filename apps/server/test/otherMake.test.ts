import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { models, putModel } from './support/modelFolders.ts';
import { getJson, post } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const counterConfig = `
max_batch_size: 16
input [ { name: "x" data_type: TYPE_FP32 dims: [ 2 ] } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ 2 ] }, { name: "count" data_type: TYPE_INT64 dims: [ 1 ] } ]
sequence_batching {
  max_sequence_idle_microseconds: 30000000
  oldest { max_candidate_sequences: 3 }
  control_input [
    { name: "begin" control [ { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } ] }
  ]
  state [
    { input_name: "count_in" output_name: "count_out" data_type: TYPE_INT64 dims: [ 1 ] },
    { input_name: "total_in" output_name: "total_out" data_type: TYPE_FP32 dims: [ 2 ] }
  ]
}
model_warmup { name: "eight" batch_size: 8 count: 2 inputs { key: "x" value { data_type: TYPE_FP32 dims: 2 random_data: true } } }
`;

interface Answer {
  outputs: { name: string; datatype: string; shape: number[]; data: unknown[] }[];
  parameters: Record<string, unknown>;
  error: string;
}

let folder: string;
let service: ServiceProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-other-'));
  await putModel(folder, 'types', 1, 'types');
  await putModel(folder, 'counter', 1, 'counter', counterConfig);
  await putModel(folder, 'gru', 1, 'gru');
  await putModel(folder, 'fixed', 1, 'fixed');
  await putModel(folder, 'pairs', 1, 'pairs');
  await putModel(folder, 'mixes', 1, 'mixesRows', 'max_batch_size: 8');
  service = await startService(folder);
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

function infer(model: string, body: object): Promise<{ status: number; body: Answer }> {
  return post<Answer>(`${service.url}/v2/models/${model}/infer`, body);
}

function outputsOf({ outputs }: Answer): Record<string, unknown[]> {
  return Object.fromEntries(outputs.map(({ name, data }) => [name, data]));
}

describe('a third-party model', () => {
  it('is described by what its file has', async () => {
    const { body } = await getJson(`${service.url}/v2/models/types`);
    expect(body).toMatchObject({
      name: 'types',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [
        { name: 'numbers', datatype: 'INT64', shape: [-1, 3] },
        { name: 'keep', datatype: 'BOOL', shape: [-1, 3] },
        { name: 'words', datatype: 'BYTES', shape: [-1, 2] },
        { name: 'halves', datatype: 'FP16', shape: [-1, 1] },
      ],
    });
  });

  it('supports whole numbers, bools, strings, halves, bytes and doubles', async () => {
    const json = JSON.stringify({
      inputs: [
        { name: 'numbers', datatype: 'INT64', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
        {
          name: 'keep',
          datatype: 'BOOL',
          shape: [2, 3],
          data: [
            [true, false, true],
            [false, false, true],
          ],
        },
        { name: 'words', datatype: 'BYTES', shape: [2, 2], data: ['a', '', 'ü', '"q"'] },
        { name: 'halves', datatype: 'FP16', shape: [2, 1], parameters: { binary_data_size: 4 } },
      ],
      outputs: [
        { name: 'picked' },
        { name: 'dropped' },
        { name: 'said' },
        { name: 'bytes' },
        { name: 'precise' },
        { name: 'wholes', parameters: { binary_data: true } },
      ],
    });
    const response = await fetch(`${service.url}/v2/models/types/infer`, {
      method: 'POST',
      headers: { 'inference-header-content-length': String(Buffer.byteLength(json)) },
      // 1 and -2 as float16.
      body: Buffer.concat([Buffer.from(json), Buffer.from([0x00, 0x3c, 0x00, 0xc0])]),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get('inference-header-content-length'));
    const answer = JSON.parse(bytes.subarray(0, length).toString()) as Answer;
    expect(outputsOf(answer)).toMatchObject({
      picked: [1, -2, 3, -4, -5, 6],
      dropped: [false, true, false, true, true, false],
      said: ['a', '', 'ü', '"q"'],
      bytes: [1, 2, 3, 4, 5, 6],
      precise: [1, 2, 3, 4, 5, 6],
    });
    // 2 and -4.
    expect([...bytes.subarray(length)]).toEqual([0x00, 0x40, 0x00, 0xc4]);
  });

  it('is not batched if its configuration has no scheduler', async () => {
    const requests = Array.from({ length: 20 }, (_, index) =>
      infer('mixes', { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [index, -index] }] }),
    );
    // Its own mean is taken off: a request that was joined with another has something left.
    for (const { body } of await Promise.all(requests))
      expect(body.outputs[0].data.map(Number)).toEqual([0, 0]);
  });

  it('requires the same number of rows in all inputs, for batching', async () => {
    const x = { name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] };
    const z = { name: 'z', datatype: 'FP32', shape: [2, 1], data: [1, 2] };
    expect(await infer('pairs', { inputs: [x, z] })).toMatchObject({
      status: 400,
      body: { error: 'input "z": expected rows 1 as in input "x", got 2; give both the same rows' },
    });
    const { body } = await infer('pairs', { inputs: [{ ...x, shape: [2, 1], data: [3, 4] }, z] });
    expect(body.outputs[0].data).toEqual([4, 6]);
  });

  it('accepts its only input as a raw body', async () => {
    const response = await fetch(`${service.url}/v2/models/mixes/infer`, {
      method: 'POST',
      headers: { 'inference-header-content-length': '0' },
      body: Float32Array.of(1, 2, 3, 6),
    });
    const length = Number(response.headers.get('inference-header-content-length'));
    const bytes = await response.arrayBuffer();
    expect([...new Float32Array(bytes.slice(length))]).toEqual([-1, -2, 1, 2]);
  });

  it('may have no rows at all', async () => {
    const data = [-1, 2, -3, 4, -5, 6];
    const { body } = await infer('fixed', { inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 3], data }] });
    expect(body.outputs[0].data).toEqual([0, 2, 0, 4, 0, 6]);
    const sequence = await infer('fixed', {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 3], data }],
      parameters: { sequence_id: 1, sequence_start: true },
    });
    expect(sequence).toMatchObject({
      status: 400,
      body: {
        error: 'model "fixed" keeps no state between requests; omit the sequence parameters',
      },
    });
  });

  it('is never run with nothing: batch 0 and time 0 would end the process', async () => {
    // In a separate process: that it does end shows what the service is kept from, and when ONNX Runtime is mended.
    const run = `const ort = require('onnxruntime-node');
      ort.InferenceSession.create(${JSON.stringify(join(models, 'gru.onnx'))}).then((session) =>
        session.run({ x: new ort.Tensor('float32', new Float32Array(0), [0, 3, 2]) }));`;
    const { status, signal } = spawnSync(process.execPath, ['-e', run], { cwd: import.meta.dirname });
    expect({ status, signal }).toMatchObject({ status: null, signal: expect.any(String) as string });
    for (const shape of [
      [0, 3, 2],
      [2, 0, 2],
      [0, 0, 2],
    ]) {
      const { status, body } = await infer('gru', {
        inputs: [{ name: 'x', datatype: 'FP32', shape, data: [] }],
      });
      expect({ status, error: body.error }).toEqual({
        status: 400,
        error: `input "x": expected every dim of [batch, time, 2] to be at least 1, got [${shape.join(', ')}]; skip the run for empty input`,
      });
    }
    const x = { name: 'x', datatype: 'FP32', shape: [1, 1, 2], data: [0.5, 1] };
    expect((await infer('gru', { inputs: [x] })).status).toBe(200);
  });
});

describe('a model with two states and a control', () => {
  const step = (id: number, values: number[], more: object = {}): Promise<{ status: number; body: Answer }> =>
    infer('counter', {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: values }],
      parameters: { sequence_id: id, ...more },
    });

  it('keeps both for each sequence, and passes the start of a sequence to the model', async () => {
    const first = await step(1, [1, 2], { sequence_start: true });
    expect(outputsOf(first.body)).toEqual({ y: [101, 102], count: [1] });
    const other = await step(2, [10, 10], { sequence_start: true });
    expect(outputsOf(other.body)).toEqual({ y: [110, 110], count: [1] });
    expect(outputsOf((await step(1, [1, 2])).body)).toEqual({ y: [2, 4], count: [2] });
    const last = await step(1, [1, 2], { sequence_end: true });
    expect(outputsOf(last.body)).toEqual({ y: [3, 6], count: [3] });
    expect((await step(1, [1, 2])).status).toBe(410);
    expect(outputsOf((await step(2, [1, 1])).body)).toEqual({ y: [11, 11], count: [2] });
  });

  it('is bounded as its configuration says: idle time and number of sequences', async () => {
    const { body } = await step(2, [0, 0]);
    expect(body.parameters.sequence_expires_in_ms).toBeGreaterThan(20_000);
    expect(body.parameters.sequence_expires_in_ms).toBeLessThanOrEqual(30_000);
    await step(3, [0, 0], { sequence_start: true });
    await step(4, [0, 0], { sequence_start: true });
    expect(await step(5, [0, 0], { sequence_start: true })).toMatchObject({
      status: 503,
      body: { error: expect.stringContaining('3 sequences are live already') as string },
    });
  });

  it('answers without a sequence too, when its states are sent', async () => {
    const { body } = await infer('counter', {
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 1, 2, 2] },
        { name: 'count_in', datatype: 'INT64', shape: [2, 1], data: [7, 8] },
        { name: 'total_in', datatype: 'FP32', shape: [2, 2], data: [5, 5, 6, 6] },
      ],
    });
    expect(outputsOf(body)).toEqual({
      y: [106, 106, 108, 108],
      count: [8, 9],
      count_out: [8, 9],
      total_out: [6, 6, 8, 8],
    });
  });

  it('does not let a request say what the service says', async () => {
    const begin = { name: 'begin', datatype: 'FP32', shape: [1, 1], data: [1] };
    expect((await infer('counter', { inputs: [begin] })).body.error).toBe(
      'input "begin": the model has no such input; send x and count_in and total_in',
    );
  });
});
