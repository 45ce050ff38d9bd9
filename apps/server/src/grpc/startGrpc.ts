import type { Service } from '../service.ts';
import { inferenceBounds } from './call/messageBounds.ts';
import { methodsOf } from './methods.ts';
import { openGrpcPort } from './openGrpcPort.ts';
import type { GrpcServer } from './openGrpcPort.ts';

/**
 * `inference.GRPCInferenceService`: the same models, checks and limits as over HTTP.
 *
 * @param port 0: a free one
 * @throws ConfigError for an address that cannot be had
 */
export function startGrpc(service: Service, host: string, port: number): Promise<GrpcServer> {
  return openGrpcPort(service, {
    host,
    port,
    option: '--grpc-port',
    otherPort: '--admin-grpc-port',
    access: service.access,
    bounds: inferenceBounds,
    methods: methodsOf(service),
  });
}
