import type { MethodDefinition } from '@grpc/proto-loader';
import { modelMetadataText, modelStatistics } from '@onda/serving';
import { isReady } from '../health.ts';
import { serverDescription } from '../serverDescription.ts';
import type { Service } from '../service.ts';
import { answerInfer } from './inferCall.ts';
import { described } from './describedMethod.ts';
import type { Method } from './method.ts';
import { probeMethods } from './probeMethods.ts';
import { inferenceService } from './protoServices.ts';
import { answerStream } from './streamInfer.ts';

/** What any of them may ask for; those that ask for nothing have neither. */
interface NamedModel {
  name: string;
  version: string;
}

/** All methods of the service's own port, by path. */
export function methodsOf(service: Service): ReadonlyMap<string, Method> {
  const { repository } = service;
  const find = ({ name, version }: NamedModel): ReturnType<typeof repository.find> =>
    repository.find(name, version || undefined);
  const answers: Readonly<Record<string, (model: NamedModel) => object>> = {
    ServerMetadata: () => serverDescription,
    // Of a model that is not there too, as in Triton: clients wait by it for one to come.
    ModelReady: ({ name, version }: NamedModel) => ({
      ready: isReady(service) && repository.maybeFind(name, version || undefined) !== undefined,
    }),
    ModelMetadata: ({ name, version }: NamedModel) =>
      JSON.parse(modelMetadataText(repository, name, version || undefined)) as object,
    ModelConfig: (model: NamedModel) => ({ config: JSON.parse(find(model).config) as object }),
    ModelStatistics: ({ name, version }: NamedModel) =>
      modelStatistics(name === '' ? repository.served : repository.findAll(name, version || undefined)),
  };
  return new Map<string, Method>([
    ...probeMethods(service),
    ...Object.entries(answers).map(([name, answer]) =>
      described(inferenceService[name] as MethodDefinition<NamedModel, object>, answer),
    ),
    [inferenceService['ModelInfer'].path, (call) => answerInfer(service, call)],
    [inferenceService['ModelStreamInfer'].path, (call, address) => answerStream(service, call, address)],
  ]);
}
