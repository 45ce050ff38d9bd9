import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import type { ClientDuplexStream, ClientReadableStream, ServiceDefinition } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { findGoTool } from '@onda/grpc-server/testing';
import descriptor from 'protobufjs/ext/descriptor.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healthService, reflectionServices } from '../src/grpc/protoServices.ts';
import { GrpcClient, grpcRequest } from './support/grpcClient.ts';
import type { InferAnswer, StreamAnswer } from './support/grpcClient.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const grpcurl = await findGoTool({
  name: 'grpcurl',
  module: 'github.com/fullstorydev/grpcurl/cmd/grpcurl',
  version: 'v1.9.4',
});
if ('missing' in grpcurl) console.warn(`grpcurl is skipped: ${grpcurl.missing}`);

describe.each(['onda', 'grpc-js'])('gRPC over the engine %s', (engine) => {
  let service: ServiceProcess;
  let address: string;

  beforeAll(async () => {
    service = await startService(undefined, ['--grpc-port', '0', '--grpc-engine', engine]);
    address = service.ready.grpc ?? '';
  });
  afterAll(async () => {
    await service.stop();
  });

  it('infers, by calls and over a stream', async () => {
    const client = new GrpcClient(address);
    const parameters = { sequence_id: { string_param: engine } };
    const start = { sequence_start: { bool_param: true } };
    const answer = await client.call<InferAnswer>(
      'ModelInfer',
      grpcRequest([0.5], { parameters: { ...parameters, ...start } }),
    );
    expect(answer.parameters.sequence_step).toMatchObject({ int64_param: '1' });
    const stream = client.stream();
    for (let step = 2; step <= 20; step++) stream.write(grpcRequest([0.5], { parameters }));
    stream.write(grpcRequest([0.5], { model_name: 'nope', id: 'bad' }));
    stream.end();
    const steps: (string | undefined)[] = [];
    const errors: string[] = [];
    for await (const message of stream) {
      const { error_message, infer_response } = message as StreamAnswer;
      if (error_message === '') steps.push(infer_response.parameters.sequence_step.int64_param);
      else errors.push(error_message);
    }
    expect(steps).toEqual(Array.from({ length: 19 }, (_, index) => `${index + 2}`));
    expect(errors).toEqual(['model "nope": the service has no such model; GET /v2/models lists the models']);
    await expect(client.call('ModelMetadata', { name: 'nope' })).rejects.toMatchObject({ code: 5 });
    await expect(client.call('RepositoryIndex', {})).rejects.toMatchObject({
      code: 12,
      details:
        '/inference.GRPCInferenceService/RepositoryIndex: this port does not serve the method; call the port of --admin-port',
    });
    client.close();
  });

  it.each(reflectionServices)(
    'describes its services to a client that has no .proto files',
    async (definition) => {
      const stream = clientOf(definition).ServerReflectionInfo() as ClientDuplexStream<
        object,
        ReflectionAnswer
      >;
      const answers = stream[Symbol.asyncIterator]();
      const ask = async (request: object): Promise<ReflectionAnswer> => {
        stream.write(request);
        return ((await answers.next()) as IteratorResult<ReflectionAnswer>).value as ReflectionAnswer;
      };
      const { list_services_response: list } = await ask({ list_services: '' });
      expect(list?.service.map(({ name }) => name).sort()).toEqual([
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'inference.GRPCInferenceService',
      ]);
      const files = [];
      for (const symbol of ['inference.GRPCInferenceService', 'grpc.health.v1.HealthCheckRequest']) {
        const { file_descriptor_response: response } = await ask({ file_containing_symbol: symbol });
        files.push(...(response?.file_descriptor_proto ?? []));
      }
      expect(await ask({ file_containing_symbol: 'inference.Nothing' })).toMatchObject({
        error_response: { error_code: 5 },
      });
      expect(await ask({ file_by_filename: 'inference.proto' })).toMatchObject({
        file_descriptor_response: { file_descriptor_proto: [files[0]] },
      });
      stream.end();
      const set = { file: files.map((file) => descriptor.FileDescriptorProto.decode(file)) };
      const bytes = Buffer.from(descriptor.FileDescriptorSet.encode(set).finish());
      const described = loadFileDescriptorSetFromBuffer(bytes, { keepCase: true });
      const client = new GrpcClient(
        address,
        described['inference.GRPCInferenceService'] as ServiceDefinition,
      );
      expect(await client.call('ServerMetadata', {})).toMatchObject({ name: 'onda' });
      client.close();
    },
  );

  it.skipIf('missing' in grpcurl)('answers grpcurl, which has no .proto files', async () => {
    const run = async (...args: string[]): Promise<string> => {
      const { stdout } = await promisify(execFile)((grpcurl as { path: string }).path, [
        '-plaintext',
        ...args,
      ]);
      return stdout;
    };
    expect((await run(address, 'list')).trim().split('\n')).toContain('inference.GRPCInferenceService');
    expect(await run(address, 'describe', 'inference.ModelInferRequest.InferInputTensor')).toContain(
      'map<string, .inference.InferParameter> parameters = 4;',
    );
    const input = JSON.stringify({
      model_name: 'lagged-sine',
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [1, 1, 1], contents: { fp32_contents: [0.5] } },
        {
          name: 'state_in',
          datatype: 'FP32',
          shape: [1, 32],
          contents: { fp32_contents: Array(32).fill(0) },
        },
      ],
    });
    const answer = await run('-d', input, address, 'inference.GRPCInferenceService/ModelInfer');
    expect(JSON.parse(answer)).toMatchObject({ model_name: 'lagged-sine', outputs: [{ name: 'y' }, {}] });
    expect(JSON.parse(await run('-d', '{}', address, 'grpc.health.v1.Health/Check'))).toEqual({
      status: 'SERVING',
    });
  });

  it('notifies watchers of its health of the shutdown', async () => {
    const other = await startService(undefined, [
      ...['--grpc-port', '0', '--grpc-engine', engine],
      ...['--drain-delay-ms', '0'],
    ]);
    const client = clientOf(healthService, other.ready.grpc);
    const watch = (name: string): ClientReadableStream<{ status: string }> =>
      client.Watch({ service: name }, new Metadata()) as ClientReadableStream<{ status: string }>;
    const statuses: string[] = [];
    const watched = watch('inference.GRPCInferenceService').on('data', ({ status }: { status: string }) =>
      statuses.push(status),
    );
    const [unknown] = (await watch('unknown').take(1).toArray()) as { status: string }[];
    expect(unknown.status).toBe('SERVICE_UNKNOWN');
    await expect.poll(() => statuses).toEqual(['SERVING']);
    const ended = new Promise((resolve) => watched.once('end', resolve));
    const stopped = other.stop();
    await ended;
    expect(statuses).toEqual(['SERVING', 'NOT_SERVING']);
    client.close();
    expect(await stopped).toBe(0);
  });

  interface ReflectionAnswer {
    list_services_response?: { service: { name: string }[] };
    file_descriptor_response?: { file_descriptor_proto: Buffer[] };
  }

  function clientOf(
    definition: ServiceDefinition,
    target = address,
  ): Record<string, (...args: object[]) => object> & { close(): void } {
    const Client = makeGenericClientConstructor(definition, 'service');
    return new Client(target, credentials.createInsecure()) as unknown as ReturnType<typeof clientOf>;
  }
});
