import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, floatsOf, GrpcClient, grpcRequest, healthService } from './support/grpcClient.ts';
import type { InferAnswer, StreamAnswer } from './support/grpcClient.ts';
import { inferRequest, post, sines, zeros } from './support/requests.ts';
import type { InferBody } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService(undefined, ['--grpc-port', '0']);
  client = new GrpcClient(service.ready.grpc ?? '');
});
afterAll(async () => {
  client.close();
  await service.stop();
});

const model = { name: 'lagged-sine' };
const inputs = [
  { name: 'x', datatype: 'FP32', shape: [1, 20, 1] },
  { name: 'state_in', datatype: 'FP32', shape: [1, 32] },
];
const sequence = (id: number, more: object = {}): object => ({
  parameters: {
    sequence_id: { int64_param: id },
    sequence_start: { bool_param: false },
    sequence_end: { bool_param: false },
    ...more,
  },
});
const start = { sequence_start: { bool_param: true } };

describe('inference.GRPCInferenceService', () => {
  it('is live and ready, and so is the model', async () => {
    expect(await client.call('ServerLive', {})).toEqual({ live: true });
    expect(await client.call('ServerReady', {})).toEqual({ ready: true });
    expect(await client.call('ModelReady', model)).toEqual({ ready: true });
    expect(await client.call('ModelReady', { ...model, version: '1' })).toEqual({ ready: true });
    expect(await client.call('ModelReady', { ...model, version: '2' })).toEqual({ ready: false });
    expect(await client.call('ModelReady', { name: 'none' })).toEqual({ ready: false });
    const health = new GrpcClient(service.ready.grpc ?? '', healthService);
    expect(await health.call('Check', {})).toEqual({ status: 'SERVING' });
    const named = { service: 'inference.GRPCInferenceService' };
    expect(await health.call('Check', named)).toEqual({ status: 'SERVING' });
    await expect(health.call('Check', { service: 'other' })).rejects.toMatchObject({
      code: 5,
      details:
        'service: expected one of "", "inference.GRPCInferenceService", got "other"; correct it or leave it out',
    });
    health.close();
  });

  it('distinguishes sequences whose ids are 64-bit numbers', async () => {
    const [id, next] = ['9223372036854775807', '9223372036854775806'];
    const step = (sequence: object, more: object): Promise<InferAnswer> =>
      client.call('ModelInfer', grpcRequest([0.5], { parameters: { sequence_id: sequence, ...more } }));
    const first = await step({ int64_param: id }, start);
    expect(first.parameters.sequence_id.string_param).toBe(id);
    await expect(step({ int64_param: next }, {})).rejects.toMatchObject({
      code: 5,
      details: `sequence "${next}": the sequence does not exist; start it with sequence_start`,
    });
    const second = await step({ uint64_param: id }, { sequence_end: { bool_param: true } });
    expect(second.parameters.sequence_step.int64_param).toBe('2');
  });

  it('describes itself and the model', async () => {
    expect(await client.call('ServerMetadata', {})).toMatchObject({ name: 'onda' });
    expect(await client.call('ModelMetadata', model)).toMatchObject({
      name: 'lagged-sine',
      versions: ['1'],
      inputs: [
        { name: 'x', datatype: 'FP32', shape: ['-1', '-1', '1'] },
        { name: 'state_in', datatype: 'FP32', shape: ['-1', '32'] },
      ],
    });
    expect(await client.call('ModelConfig', model)).toMatchObject({
      config: {
        name: 'lagged-sine',
        backend: 'onnxruntime',
        max_batch_size: 1024,
        version_policy: { latest: { num_versions: 1 } },
        input: [
          { name: 'x', data_type: 'TYPE_FP32', dims: ['-1', '1'] },
          { name: 'state_in', data_type: 'TYPE_FP32', dims: ['32'] },
        ],
      },
    });
  });

  it('gives the values that HTTP gives, from raw contents and from typed ones', async () => {
    const values = sines(20);
    const url = `${service.url}/v2/models/lagged-sine/infer`;
    const expected = (await post<InferBody>(url, inferRequest(values))).body.outputs;
    const raw = await client.call<InferAnswer>('ModelInfer', {
      ...grpcRequest(values),
      id: 'a',
      inputs,
      raw_input_contents: [bytesOf(values), bytesOf(zeros)],
    });
    const typed = await client.call<InferAnswer>('ModelInfer', {
      model_name: 'lagged-sine',
      inputs: inputs.map((input, index) => ({
        ...input,
        contents: { fp32_contents: [values, zeros][index] },
      })),
    });
    expect(raw.id).toBe('a');
    for (const answer of [raw, typed]) {
      expect(answer.outputs.map(({ name, shape }) => [name, shape.map(Number)])).toEqual(
        expected.map(({ name, shape }) => [name, shape]),
      );
      expect(answer.raw_output_contents.map(floatsOf)).toEqual(expected.map(({ data }) => data));
    }
  });

  it.each<[name: string, message: object, code: number, details: string]>([
    [
      'an unknown model',
      { model_name: 'nope' },
      5,
      'model "nope": the service has no such model; GET /v2/models lists the models',
    ],
    ['a missing tensor', grpcRequest([1]), 3, 'input "state_in" is missing; send x and state_in'],
    [
      'an unknown sequence',
      grpcRequest([1], sequence(99)),
      5,
      'sequence "99": the sequence does not exist; start it with sequence_start',
    ],
    [
      'NaN',
      grpcRequest([NaN], sequence(98, start)),
      3,
      'input "x": expected finite numbers, got NaN at position 0; remove or replace it',
    ],
  ])('refuses %s with the sentence of HTTP', async (_name, message, code, details) => {
    await expect(client.call('ModelInfer', message)).rejects.toMatchObject({ code, details });
  });

  it('carries sequences over a stream, many at a time, and reports errors without ending it', async () => {
    const stream = client.stream();
    const answers = new Map<string, StreamAnswer>();
    stream.on('data', (answer: StreamAnswer) => answers.set(answer.infer_response.id, answer));
    const values = sines(20);
    for (const [sample, value] of values.entries()) {
      for (let id = 1; id <= 8; id++) {
        const control = sequence(id, sample === 0 ? start : {});
        stream.write(grpcRequest([value * id], { id: `${id}/${sample}`, ...control }));
      }
    }
    stream.write(grpcRequest([1], { id: 'bad', ...sequence(77) }));
    stream.end();
    await new Promise((resolve) => stream.once('end', resolve));
    expect(answers.size).toBe(8 * 20 + 1);
    expect(answers.get('bad')?.error_message).toBe(
      'sequence "77": the sequence does not exist; start it with sequence_start',
    );
    const url = `${service.url}/v2/models/lagged-sine/infer`;
    for (let id = 1; id <= 8; id++) {
      const scaled = values.map((value) => Math.fround(value * id));
      const [y] = (await post<InferBody>(url, inferRequest(scaled))).body.outputs;
      for (const [sample, expected] of y.data.entries()) {
        const answer = answers.get(`${id}/${sample}`)?.infer_response;
        expect(answer?.parameters.sequence_step.int64_param).toBe(String(sample + 1));
        const [got] = floatsOf(answer?.raw_output_contents[0] ?? Buffer.alloc(0));
        expect(Math.abs(got - expected)).toBeLessThanOrEqual(JOINED_ATOL);
      }
    }
  });

  it('shares sequences with HTTP', async () => {
    const url = `${service.url}/v2/models/lagged-sine/infer`;
    const over = (parameters: object): object => ({
      inputs: [{ name: 'x', shape: [1, 1, 1], datatype: 'FP32', data: [0.5] }],
      parameters,
    });
    const first = await post<InferBody & { parameters: object }>(
      url,
      over({ sequence_id: 'shared', sequence_start: true }),
    );
    expect(first.body.parameters).toMatchObject({ sequence_id: 'shared', sequence_step: 1 });
    const second = await client.call<InferAnswer>(
      'ModelInfer',
      grpcRequest([0.5], { parameters: { sequence_id: { string_param: 'shared' } } }),
    );
    expect(second.parameters.sequence_step).toMatchObject({ int64_param: '2' });
    const last = await post(url, over({ sequence_id: 'shared', sequence_end: true }));
    expect(last.status).toBe(200);
    const after = await post(url, over({ sequence_id: 'shared' }));
    expect(after.status).toBe(410);
    expect(after.body.error).toBe('sequence "shared" has ended; start it again');
  });

  it('ends at SIGTERM although a stream is open, its requests answered', async () => {
    const other = await startService(undefined, ['--grpc-port', '0']);
    const streaming = new GrpcClient(other.ready.grpc ?? '');
    const stream = streaming.stream();
    const answers: StreamAnswer[] = [];
    stream.on('data', (answer: StreamAnswer) => answers.push(answer));
    const ended = new Promise((resolve) => stream.once('end', resolve));
    stream.write(grpcRequest([1], sequence(1, start)));
    await new Promise((resolve) => stream.once('data', resolve));
    expect(await other.stop()).toBe(0);
    await ended;
    expect(answers.map((answer) => answer.error_message)).toEqual(['']);
    streaming.close();
  });
});

/** 20 steps of one row, joined with others, against one run of 20 samples: float32, 32 units; see docs/serving.md. */
const JOINED_ATOL = 1e-6;
