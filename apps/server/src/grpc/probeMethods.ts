import { isLive, isReady } from '../health.ts';
import type { Service } from '../service.ts';
import { described } from './describedMethod.ts';
import type { Method } from './method.ts';
import { healthService, inferenceService } from './protoServices.ts';

/** What every port for gRPC tells of how the service does, whoever asks: `enterCall` lets these by. */
export function probeMethods(service: Service): readonly [path: string, method: Method][] {
  return [
    described(inferenceService['ServerLive'], () => ({ live: isLive(service) })),
    described(inferenceService['ServerReady'], () => ({ ready: isReady(service) })),
    described(healthService['Check'], () => ({ status: isReady(service) ? 'SERVING' : 'NOT_SERVING' })),
  ];
}
