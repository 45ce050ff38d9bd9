import type { MethodDefinition } from '@grpc/proto-loader';
import { ProtocolError } from '@onda/protocol';
import { described } from '../grpc/describedMethod.ts';
import type { Method } from '../grpc/method.ts';
import { probeMethods } from '../grpc/probeMethods.ts';
import { inferenceService } from '../grpc/protoServices.ts';
import type { Service } from '../service.ts';
import type { RepositoryCalls } from './repositoryCalls.ts';

/** A value, in the field that `parameter_choice` names; in none where that is missing. */
interface Parameter {
  parameter_choice?: 'bool_param' | 'int64_param' | 'string_param' | 'bytes_param';
  [field: string]: unknown;
}

interface IndexMessage {
  repository_name: string;
  ready: boolean;
}

interface ModelMessage {
  repository_name: string;
  model_name: string;
  parameters: Readonly<Record<string, Parameter>>;
}

const index = inferenceService['RepositoryIndex'] as MethodDefinition<IndexMessage, object>;
const load = inferenceService['RepositoryModelLoad'] as MethodDefinition<ModelMessage, object>;
const unload = inferenceService['RepositoryModelUnload'] as MethodDefinition<ModelMessage, object>;

/** What the admin's port for gRPC answers, by path. */
export function adminMethods(service: Service, calls: RepositoryCalls): ReadonlyMap<string, Method> {
  return new Map([
    ...probeMethods(service),
    described(index, async ({ repository_name, ready }) => {
      checkRepository(repository_name);
      return { models: await calls.index(ready) };
    }),
    described(load, async ({ repository_name, model_name, parameters }) => {
      checkRepository(repository_name);
      await calls.load(model_name, valuesOf(parameters));
      return {};
    }),
    described(unload, async ({ repository_name, model_name, parameters }) => {
      checkRepository(repository_name);
      await calls.unload(model_name, valuesOf(parameters));
      return {};
    }),
  ]);
}

/** There is one, which has no name; nor has it one in Triton. */
function checkRepository(name: string): void {
  if (name === '') return;
  const got = JSON.stringify(name.slice(0, 40));
  throw new ProtocolError('malformed', `repository_name: expected none, got ${got}; leave it out`);
}

/** As JSON has them. */
function valuesOf(parameters: Readonly<Record<string, Parameter>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, valueOf(parameter)]),
  );
}

function valueOf({ parameter_choice: choice, ...fields }: Parameter): unknown {
  if (choice === undefined) return null;
  return choice === 'int64_param' ? Number(fields[choice]) : fields[choice];
}
