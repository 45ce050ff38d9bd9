import { Access } from '../access/access.ts';
import type { Tokens } from '../access/tokens.ts';
import type { MessageBounds } from '../grpc/call/messageBounds.ts';
import { openGrpcPort } from '../grpc/openGrpcPort.ts';
import type { GrpcServer } from '../grpc/openGrpcPort.ts';
import type { Service } from '../service.ts';
import { adminLimits } from './adminLimits.ts';
import { adminMethods } from './adminMethods.ts';
import type { RepositoryCalls } from './repositoryCalls.ts';

const adminBounds: MessageBounds = {
  messageBytes: adminLimits.bodyBytes,
  heldBytes: adminLimits.heldBytes,
  remedy: 'send less; files and configuration belong into the folder of the model',
};

/**
 * What `createAdminServer` answers, over gRPC: the three calls of `inference.GRPCInferenceService` that say which models are
 * loaded, and the probes.
 *
 * @param tokens who may ask; undefined: whoever reaches the port
 * @throws ConfigError for an address that cannot be had
 */
export function startAdminGrpc(
  service: Service,
  calls: RepositoryCalls,
  tokens: Tokens | undefined,
  host: string,
  port: number,
): Promise<GrpcServer> {
  return openGrpcPort(service, {
    host,
    port,
    option: '--admin-grpc-port',
    otherPort: '--grpc-port',
    access: new Access(tokens, { rate: undefined, concurrent: undefined }),
    bounds: adminBounds,
    methods: adminMethods(service, calls),
  });
}
