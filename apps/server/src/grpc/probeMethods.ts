import type { MethodDefinition } from '@grpc/proto-loader';
import { isLive, isReady } from '../health.ts';
import type { Service } from '../service.ts';
import { described } from './describedMethod.ts';
import { CallError } from './grpcErrors.ts';
import { GrpcStatus } from './grpcStatus.ts';
import type { Method } from './method.ts';
import { healthService, inferenceService } from './protoServices.ts';

/** Of whom `Check` may be asked: the server, and the one service that it has. */
const healthNames: ReadonlySet<string> = new Set(['', 'inference.GRPCInferenceService']);

/** What every port for gRPC tells of how the service does, whoever asks: `enterCall` lets these by. */
export function probeMethods(service: Service): readonly [path: string, method: Method][] {
  return [
    described(inferenceService['ServerLive'], () => ({ live: isLive(service) })),
    described(inferenceService['ServerReady'], () => ({ ready: isReady(service) })),
    described(
      healthService['Check'] as MethodDefinition<{ service: string }, object>,
      ({ service: name }) => {
        if (!healthNames.has(name)) throw unknownService(name);
        return { status: isReady(service) ? 'SERVING' : 'NOT_SERVING' };
      },
    ),
  ];
}

function unknownService(name: string): CallError {
  return new CallError(
    GrpcStatus.NOT_FOUND,
    `service: expected one of ${[...healthNames].map((one) => JSON.stringify(one)).join(', ')}, got ${JSON.stringify(name.slice(0, 80))}; correct it or leave it out`,
  );
}
