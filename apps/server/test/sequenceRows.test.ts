import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, floatsOf, GrpcClient } from './support/grpcClient.ts';
import type { InferAnswer, StreamAnswer } from './support/grpcClient.ts';
import { post, sines } from './support/requests.ts';
import type { InferBody } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

let service: ServiceProcess;
let client: GrpcClient;
let infer: string;

beforeAll(async () => {
  service = await startService(undefined, ['--grpc-port', '0']);
  client = new GrpcClient(service.ready.grpc ?? '');
  infer = `${service.url}/v2/models/lagged-sine/infer`;
});
afterAll(async () => {
  client.close();
  await service.stop();
});

const start = { sequence_start: true };

/** One step of one sequence, over HTTP. */
async function step(id: string, value: number, more: object = {}): Promise<number> {
  const body = {
    parameters: { sequence_id: id, ...more },
    inputs: [{ name: 'x', shape: [1, 1, 1], datatype: 'FP32', data: [value] }],
  };
  return (await post<InferBody>(infer, body)).body.outputs[0].data[0];
}

function rowsMessage(ids: readonly number[], values: readonly number[], control: number): object {
  const longs = Buffer.from(BigInt64Array.from(ids, BigInt).buffer);
  return {
    model_name: 'lagged-sine',
    inputs: [
      { name: 'x', datatype: 'FP32', shape: [ids.length, 1, 1] },
      { name: 'sequence_id', datatype: 'INT64', shape: [ids.length] },
      { name: 'sequence_control_input', datatype: 'UINT32', shape: [ids.length] },
    ],
    raw_input_contents: [bytesOf(values), longs, Buffer.from(Uint32Array.from(ids, () => control).buffer)],
  };
}

describe('a step of many sequences', () => {
  it('gives each the bits of an undisturbed sequence, over a stream', async () => {
    const values = sines(12);
    const undisturbed: number[] = [];
    for (const [sample, value] of values.entries()) {
      undisturbed.push(await step('alone', value, sample === 0 ? start : {}));
    }
    const ids = Array.from({ length: 200 }, (_, row) => row + 1);
    const stream = client.stream();
    const got: number[][] = [];
    for (const [sample, value] of values.entries()) {
      const answer = new Promise<StreamAnswer>((resolve) => stream.once('data', resolve));
      // From one sequence up to all of them in a request, and at the end one is left.
      const some = ids.slice(0, sample === 11 ? 1 : 200);
      stream.write(
        rowsMessage(
          some,
          some.map(() => value),
          sample === 0 ? 1 : 0,
        ),
      );
      const { infer_response: response } = await answer;
      expect(response.outputs.map(({ name, datatype }) => `${name} ${datatype}`)).toEqual([
        'y FP32',
        'sequence_status INT32',
        'sequence_step INT64',
        'sequence_samples INT64',
        'sequence_expires_in_ms INT64',
      ]);
      got.push(floatsOf(response.raw_output_contents[0]));
    }
    stream.end();
    expect(got.map((row) => new Set(row).size)).toEqual(values.map(() => 1));
    expect(got.map(([first]) => first)).toEqual(undisturbed);
  });

  it('is the same over HTTP and a gRPC call, beside steps by themselves', async () => {
    const body = (more: object): object => ({
      inputs: [
        { name: 'x', shape: [2, 1, 1], datatype: 'FP32', data: [0.1, 0.2] },
        { name: 'sequence_id', shape: [2], datatype: 'BYTES', data: ['9001', '9002'] },
        ...(Object.keys(more).length > 0 ? [more] : []),
      ],
    });
    const control = { name: 'sequence_control_input', shape: [2], datatype: 'UINT32', data: [1, 1] };
    const first = await post<InferBody & { parameters: object }>(infer, body(control));
    expect(first.body.outputs.map(({ name, data }) => [name, data.slice(0, 2)])).toMatchObject([
      ['y', [expect.any(Number), expect.any(Number)]],
      ['sequence_status', [200, 200]],
      ['sequence_step', [1, 1]],
      ['sequence_samples', [1, 1]],
      ['sequence_expires_in_ms', [expect.any(Number), expect.any(Number)]],
    ]);
    await step('9001', 0.3, { sequence_end: true });
    const second = await client.call<InferAnswer>('ModelInfer', rowsMessage([9001, 9002], [0.4, 0.4], 0));
    expect(second.parameters).toMatchObject({
      sequence_failed: { int64_param: '1' },
      sequence_error: { string_param: 'row 0: sequence "9001" has ended; start it again' },
    });
    const status = second.raw_output_contents[1];
    expect([status.readInt32LE(0), status.readInt32LE(4)]).toEqual([410, 200]);
  });

  it('refuses what makes no sense whole', async () => {
    await expect(client.call('ModelInfer', rowsMessage([5, 5], [1, 1], 1))).rejects.toMatchObject({
      code: 3,
      details:
        'input "sequence_id": expected each sequence once, got "5" in rows 0 and 1; send its steps in requests of their own, or as samples of one row',
    });
    const alone = await post(infer, {
      inputs: [
        { name: 'x', shape: [1, 1, 1], datatype: 'FP32', data: [0.1] },
        { name: 'sequence_id', shape: [1], datatype: 'INT64', data: [777] },
      ],
    });
    expect(alone).toMatchObject({ status: 404 });
  });
});
