import { SharedByteBudget } from '@onda/grpc-server';
import { Access } from '../access/access.ts';
import type { Tokens } from '../access/tokens.ts';
import { openGrpcPort } from '../grpc/startGrpc.ts';
import type { RunningGrpcServer } from '../grpc/startGrpc.ts';
import type { Service } from '../service.ts';
import { adminHandlers } from './adminHandlers.ts';
import { adminLimits } from './adminLimits.ts';
import type { RepositoryCalls } from './repositoryCalls.ts';

/**
 * Model control over gRPC: the methods of `inference.GRPCInferenceService` that load, unload and list models, and the probes.
 *
 * @param tokens undefined: no authentication
 * @throws ConfigError if the address cannot be used
 */
export function startAdminGrpc(
  service: Service,
  calls: RepositoryCalls,
  tokens: Tokens | undefined,
  host: string,
  port: number,
): Promise<RunningGrpcServer> {
  return openGrpcPort(service, {
    host,
    port,
    option: '--admin-port',
    otherOption: '--grpc-port',
    access: new Access(tokens, { rate: undefined, concurrent: undefined }),
    handlers: adminHandlers(service, calls),
    maxMessageBytes: adminLimits.bodyBytes,
    budget: new SharedByteBudget(adminLimits.heldBytes),
    messageSizeHint: 'send less; files and configuration belong into the folder of the model',
  });
}
