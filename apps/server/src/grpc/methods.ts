import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import type { WireMessage } from '@onda/protocol';
import { isLive, isReady } from '../health.ts';
import { serverDescription } from '../serverDescription.ts';
import type { Service } from '../service.ts';
import { modelStatistics } from '../statistics.ts';
import type { CallHandler } from './call/callHandler.ts';
import type { GrpcCall } from './call/grpcCall.ts';
import { CallError } from './grpcErrors.ts';
import { GrpcStatus } from './grpcStatus.ts';
import { answerInfer } from './inferCall.ts';
import { healthService, inferenceService } from './protoServices.ts';
import { answerStream } from './streamInfer.ts';
import { answerOnce } from './unaryCall.ts';

/** Takes a call. @param address of its client */
export type Method = (call: GrpcCall, address: string) => CallHandler;

/** What any of them may ask for; those that ask for nothing have neither. */
interface NamedModel {
  name: string;
  version: string;
}

/** All methods of the service, by path. */
export function methodsOf(service: Service): ReadonlyMap<string, Method> {
  const { repository } = service;
  const find = ({ name, version }: NamedModel): ReturnType<typeof repository.find> =>
    repository.find(name, version || undefined);
  const answers: Readonly<Record<string, (model: NamedModel) => object>> = {
    ServerLive: () => ({ live: isLive(service) }),
    ServerReady: () => ({ ready: isReady(service) }),
    ServerMetadata: () => serverDescription,
    ModelReady: (model: NamedModel) => {
      find(model);
      return { ready: isReady(service) };
    },
    ModelMetadata: (model: NamedModel) => JSON.parse(find(model).metadata) as object,
    ModelConfig: (model: NamedModel) => ({ config: JSON.parse(find(model).config) as object }),
    ModelStatistics: (model: NamedModel) =>
      modelStatistics(model.name === '' ? repository.served : [find(model)]),
  };
  const check = (): object => ({ status: isReady(service) ? 'SERVING' : 'NOT_SERVING' });
  return new Map<string, Method>([
    ...Object.entries(answers).map(([name, answer]) => described(inferenceService, name, answer)),
    described(healthService, 'Check', check),
    [inferenceService['ModelInfer'].path, (call) => answerInfer(service, call)],
    [inferenceService['ModelStreamInfer'].path, (call, address) => answerStream(service, call, address)],
  ]);
}

/** A method that is asked now and then: its messages are read and written as the .proto file describes them. */
function described(
  definition: ServiceDefinition,
  name: string,
  answer: (message: NamedModel) => object,
): [path: string, method: Method] {
  const method = definition[name] as MethodDefinition<NamedModel, object>;
  return [
    method.path,
    (call) => answerOnce(call, (bytes) => messageOf(method.responseSerialize(answer(read(method, bytes))))),
  ];
}

function read(method: MethodDefinition<NamedModel, object>, bytes: Buffer): NamedModel {
  try {
    return method.requestDeserialize(bytes);
  } catch {
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `the message cannot be read as one of ${method.path.slice(1)}; send what the .proto file describes`,
    );
  }
}

function messageOf(bytes: Buffer): WireMessage {
  return {
    size: bytes.length,
    write: (target, at) => {
      target.set(bytes, at);
    },
  };
}
