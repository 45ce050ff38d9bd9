import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keepRepository, putModel } from './support/modelFolders.ts';
import { getJson, inferRequest, post, zeros } from './support/requests.ts';
import { exampleModels, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

/** A counter whose total starts at what a file says. */
const counter = `
max_batch_size: 16
sequence_batching {
  control_input [
    { name: "begin" control [ { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } ] }
  ]
  state [
    { input_name: "count_in" output_name: "count_out" data_type: TYPE_INT64 dims: [ 1 ] },
    { input_name: "total_in" output_name: "total_out" data_type: TYPE_FP32 dims: [ 2 ]
      initial_state: { name: "first" data_type: TYPE_FP32 dims: [ 2 ] data_file: "total" } }
  ]
}
model_warmup { name: "ones" batch_size: 2 inputs { key: "x" value { data_type: TYPE_FP32 dims: 2 input_data_file: "x" } } }
`;

/** A model with the id of its sequence as an input, and whose third tensor has no dims after the batch. */
const named = `
max_batch_size: 8
input [ { name: "x" data_type: TYPE_INT64 dims: [ 1 ] } ]
output [
  { name: "y" data_type: TYPE_INT64 dims: [ 1 ] },
  { name: "z" data_type: TYPE_INT64 dims: [ 1 ] reshape: { shape: [ ] } }
]
sequence_batching {
  control_input [ { name: "id" control [ { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_INT64 } ] } ]
  state [ { input_name: "s_in" output_name: "s_out" data_type: TYPE_FP32 dims: [ 1 ] } ]
}
`;

/** What deploy/ gives Triton for states in the client's hands. */
const stateless = fileURLToPath(new URL('../../../deploy/kserve/stateless.pbtxt', import.meta.url));

interface Answer {
  outputs: { name: string; shape: number[]; data: number[] }[];
  error: string;
}

const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

async function putCounter(folder: string): Promise<void> {
  await putModel(folder, 'counter', 1, 'counter', counter);
  for (const [place, name] of [
    ['initial_state', 'total'],
    ['warmup', 'x'],
  ]) {
    await mkdir(join(folder, 'counter', place));
    await writeFile(join(folder, 'counter', place, name), floats(10, 20));
  }
}

describe('a configuration', () => {
  let folder: string;
  let service: ServiceProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onda-config-'));
    await putCounter(folder);
    await putModel(folder, 'named', 1, 'named', named);
    await mkdir(join(folder, 'lagged-sine/1'), { recursive: true });
    await copyFile(stateless, join(folder, 'lagged-sine/config.pbtxt'));
    await copyFile(join(exampleModels, 'lagged-sine/1/model.onnx'), join(folder, 'lagged-sine/1/model.onnx'));
    service = await startService(folder);
  });
  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  const infer = (model: string, body: object): ReturnType<typeof post<Answer>> =>
    post<Answer>(`${service.url}/v2/models/${model}/infer`, body);
  const outputsOf = ({ outputs }: Answer): Record<string, number[]> =>
    Object.fromEntries(outputs.map(({ name, data }) => [name, data]));

  it('starts a sequence at the state of a file, also among rows, unless a client brings its own', async () => {
    const x = (rows: number): object => ({
      name: 'x',
      datatype: 'FP32',
      shape: [rows, 2],
      data: Array.from({ length: 2 * rows }, () => 1),
    });
    const start = { sequence_id: 1, sequence_start: true };
    const first = await infer('counter', { parameters: start, inputs: [x(1)] });
    expect(outputsOf(first.body)).toMatchObject({ y: [111, 121], count: [1] });
    const rows = await infer('counter', {
      inputs: [
        x(2),
        { name: 'sequence_id', datatype: 'INT64', shape: [2], data: [1, 2] },
        { name: 'sequence_control_input', datatype: 'UINT32', shape: [2], data: [0, 1] },
      ],
    });
    expect(outputsOf(rows.body)).toMatchObject({ y: [12, 22, 111, 121], count: [2, 1] });
    const own = { name: 'total_in', datatype: 'FP32', shape: [1, 2], data: [0, 0] };
    const restored = await infer('counter', {
      parameters: { ...start, sequence_id: 3 },
      inputs: [x(1), own, { name: 'count_in', datatype: 'INT64', shape: [1, 1], data: [5] }],
    });
    expect(outputsOf(restored.body)).toMatchObject({ y: [101, 101], count: [6] });
  });

  it('passes the id of the sequence to a model, and none without a sequence', async () => {
    const x = { name: 'x', datatype: 'INT64', shape: [1, 1], data: [1] };
    const step = (id: string | number): ReturnType<typeof infer> =>
      infer('named', { parameters: { sequence_id: id, sequence_start: true }, inputs: [x] });
    expect(outputsOf((await step(70)).body)).toEqual({ y: [71], z: [1] });
    expect(await step('pump')).toMatchObject({
      status: 400,
      body: {
        error:
          'sequence_id: expected a whole number up to 9223372036854775807, since the model takes it as int64, got "pump"; use such a number',
      },
    });
    const state = { name: 's_in', datatype: 'FP32', shape: [1, 1], data: [0] };
    expect(outputsOf((await infer('named', { inputs: [x, state] })).body)).toMatchObject({ y: [1] });
  });

  it('leaves the state to the client where deploy/kserve/stateless.pbtxt says so', async () => {
    const whole = outputsOf((await infer('lagged-sine', inferRequest([0.1, 0.2, 0.3], zeros))).body);
    const first = outputsOf((await infer('lagged-sine', inferRequest([0.1, 0.2], zeros))).body);
    const rest = outputsOf((await infer('lagged-sine', inferRequest([0.3], first['state_out']))).body);
    [...first['y'], ...rest['y']].forEach((value, at) => {
      // Runs of other lengths: float32, 2.4e-7 measured.
      expect(Math.abs(value - whole['y'][at])).toBeLessThanOrEqual(1e-6);
    });
    const start = { parameters: { sequence_id: 1, sequence_start: true } };
    expect(await infer('lagged-sine', { ...inferRequest([0.1]), ...start })).toMatchObject({
      status: 400,
      body: {
        error: 'model "lagged-sine" keeps no state between requests; omit the sequence parameters',
      },
    });
  });

  it('gives a tensor the dims of reshape', async () => {
    const { body } = await getJson<{ outputs: object[] }>(`${service.url}/v2/models/named`);
    expect(body.outputs).toContainEqual({ name: 'z', datatype: 'INT64', shape: [-1, 1] });
    const rows = await infer('named', {
      inputs: [
        { name: 'x', datatype: 'INT64', shape: [2, 1], data: [3, 4] },
        { name: 's_in', datatype: 'FP32', shape: [2, 1], data: [0, 0] },
      ],
    });
    expect(rows.body.outputs.find(({ name }) => name === 'z')).toMatchObject({ shape: [2, 1], data: [3, 4] });
  });
});

describe('a configuration with unsupported fields', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onda-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** The warnings or the error of a model with this configuration; it is served if `fails` is undefined. */
  async function outcomeOf(config: string): Promise<{ fails: string | undefined; warnings: string[] }> {
    await putModel(folder, 'm', 1, 'plus1', config);
    const { keeper, warnings } = await keepRepository(folder);
    const fails = await keeper.open('none').then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );
    const short = (text: string): string => text.replaceAll(`${folder}/m/`, '');
    return { fails: fails && short(fails), warnings: warnings.map(short) };
  }

  it.each([
    [
      'instance_group [ { count: 2 }, { count: 2 kind: KIND_GPU gpus: [ 0 ] } ]',
      [
        'config.pbtxt: instance_group.gpus is not used by this service; the model is served without it',
        'config.pbtxt: instance_group: expected 4 instances, but the service has 1 worker for all models; start the service with 4 workers',
        'config.pbtxt: instance_group: expected KIND_GPU, but the service runs the model on the CPU; start it with the provider cuda',
      ],
    ],
    [
      'max_batch_size: 8 dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY } }',
      [
        'config.pbtxt: dynamic_batching.preserve_ordering is not used by this service; the model is served without it',
        'config.pbtxt: dynamic_batching: timeout_action DELAY is not supported; a request that has waited too long is rejected',
      ],
    ],
    [
      'parameters { key: "intra_op_thread_count" value { string_value: "4" } }',
      [
        'config.pbtxt: parameters.intra_op_thread_count is not used by this service; the model is served without it',
      ],
    ],
    ['backend: "onnxruntime" parameters { key: "mine" value { string_value: "x" } }', []],
    ['platform: "onnxruntime_onnx" instance_group [ { count: 1 kind: KIND_CPU } ]', []],
  ])('warns once of each: %s', async (config, expected) => {
    const { fails, warnings } = await outcomeOf(config);
    expect(fails).toBeUndefined();
    expect(warnings).toEqual(expected);
  });

  it.each([
    [
      'backend: "python"',
      'config.pbtxt: expected backend "onnxruntime" or platform "onnxruntime_onnx", got "python"; this service runs only ONNX files',
    ],
    [
      'sequence_batching { iterative_sequence: true }',
      'config.pbtxt: sequence_batching.iterative_sequence: a step is not run again by itself here; send each step',
    ],
    [
      'max_batch_size: 8 input [ { name: "x" data_type: TYPE_FP32 dims: [ 2 ] allow_ragged_batch: true } ]',
      'config.pbtxt: input.allow_ragged_batch: rows of several lengths are not joined here; send rows of one length, or set max_batch_size to 0',
    ],
    [
      'max_batch_size: 8 input [ { name: "x" data_type: TYPE_FP32 dims: [ 3 ] reshape: { shape: [ 2 ] } } ]',
      'config.pbtxt: input "x": reshape: expected fixed dims of the ONNX file [2] with as many values as dims [3], got [2]; correct it',
    ],
    [
      'max_batch_size: 8 dynamic_batching { priority_levels: 20 default_priority_level: 1 }',
      'config.pbtxt: dynamic_batching: expected priority_levels up to 9 and a default_priority_level among them, got 20 and 1; correct them',
    ],
    [
      'model_warmup { name: "w" inputs { key: "x" value { data_type: TYPE_FP32 dims: 2 input_data_file: "../x" } } }',
      'config.pbtxt: warmup: expected the name of a file in the folder warmup beside the versions, got "../x"; correct it',
    ],
    [
      'model_warmup { name: "w" inputs { key: "x" value { data_type: TYPE_FP32 dims: 2 input_data_file: "gone" } } }',
      'warmup/gone',
    ],
  ])('refuses what would change answers: %s', async (config, expected) => {
    const { fails } = await outcomeOf(config);
    expect(fails).toContain(expected);
  });

  it('refuses an initial state of another size, naming both', async () => {
    await putCounter(folder);
    await writeFile(join(folder, 'counter/initial_state/total'), floats(1));
    const { keeper } = await keepRepository(folder);
    await expect(keeper.open('none')).rejects.toThrow(
      'state "total_in": initial_state: expected 8 bytes in "total", got 4; write the values of one sequence, nothing else',
    );
  });
});
