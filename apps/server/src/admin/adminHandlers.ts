import type { Handlers } from '@onda/grpc-server';
import { ProtocolError } from '@onda/protocol';
import type { Health } from '../health.ts';
import { probeHandlers, unary } from '../grpc/inferenceHandlers.ts';
import type { RepositoryCalls } from './repositoryCalls.ts';

/** A value in the field that `parameter_choice` names; without it, none. */
interface Parameter {
  parameter_choice?: 'bool_param' | 'int64_param' | 'string_param' | 'bytes_param';
  [field: string]: unknown;
}

interface IndexRequest {
  repository_name: string;
  ready: boolean;
}

interface ModelRequest {
  repository_name: string;
  model_name: string;
  parameters: Readonly<Record<string, Parameter>>;
}

/** The methods of the admin port. */
export function adminHandlers(health: Health, calls: RepositoryCalls): Handlers {
  return {
    ...probeHandlers(health),
    RepositoryIndex: unary(async ({ repository_name, ready }: IndexRequest) => {
      checkRepository(repository_name);
      return { models: await calls.index(ready) };
    }),
    RepositoryModelLoad: unary(async ({ repository_name, model_name, parameters }: ModelRequest) => {
      checkRepository(repository_name);
      await calls.load(model_name, valuesOf(parameters));
      return {};
    }),
    RepositoryModelUnload: unary(async ({ repository_name, model_name, parameters }: ModelRequest) => {
      checkRepository(repository_name);
      await calls.unload(model_name, valuesOf(parameters));
      return {};
    }),
  };
}

/** The service has one repository, without a name, as Triton's default has none. */
function checkRepository(name: string): void {
  if (name === '') return;
  const got = JSON.stringify(name.slice(0, 40));
  throw new ProtocolError('malformed', `repository_name: expected none, got ${got}; leave it out`);
}

/** Parameters as in a JSON request. */
function valuesOf(parameters: Readonly<Record<string, Parameter>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, valueOf(parameter)]),
  );
}

function valueOf({ parameter_choice: choice, ...fields }: Parameter): unknown {
  if (choice === undefined) return null;
  return choice === 'int64_param' ? Number(fields[choice]) : fields[choice];
}
