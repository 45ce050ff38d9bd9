import { SharedByteBudget } from '@onda/contract';
import { Access } from '../access/access.ts';
import type { Tokens } from '../access/tokens.ts';
import { openGrpcPort } from '../grpc/startGrpc.ts';
import type { GrpcPort, RunningGrpcServer } from '../grpc/startGrpc.ts';
import { adminHandlers } from './adminHandlers.ts';
import { limits } from '../limits.ts';
import type { RepositoryCalls } from './repositoryCalls.ts';

/**
 * Model control over gRPC: the methods of `inference.GRPCInferenceService` that load, unload and list models, and the probes.
 *
 * @param tokens undefined: no authentication
 * @throws ConfigError if the address cannot be used
 */
export function startAdminGrpc(
  calls: RepositoryCalls,
  tokens: Tokens | undefined,
  options: Pick<GrpcPort, 'host' | 'port' | 'engine' | 'health' | 'log' | 'tracing'>,
): Promise<RunningGrpcServer> {
  return openGrpcPort({
    ...options,
    option: '--admin-port',
    otherOption: '--grpc-port',
    access: new Access(tokens),
    handlers: adminHandlers(options.health, calls),
    maxMessageBytes: limits.adminBodyBytes,
    budget: new SharedByteBudget(limits.adminHeldBytes),
    messageSizeHint: 'send less; put files and configuration into the folder of the model',
  });
}
