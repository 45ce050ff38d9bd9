import type { Handlers, SendUnary, ServerCall } from './call/definition.ts';
import { CallError, GrpcStatus } from './status.ts';

/** Interval in which watched services are checked, milliseconds. */
const WATCH_INTERVAL_MS = 1000;

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

/**
 * Handlers of `grpc.health.v1.Health`, for a definition that proto-loader has read with `enums: String`.
 *
 * @param services  names that clients may ask for; '' is the server as a whole
 * @param isServing status of all of them
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function healthHandlers(services: readonly string[], isServing: () => boolean): Handlers {
  const watches = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  const statusOf = (service: string): HealthResponse['status'] => {
    if (!services.includes(service)) return 'SERVICE_UNKNOWN';
    return isServing() ? 'SERVING' : 'NOT_SERVING';
  };
  const remove = (update: () => void): void => {
    watches.delete(update);
    if (watches.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    Check: ({ request: { service } }: ServerCall<HealthRequest>, callback: SendUnary<HealthResponse>) => {
      const status = statusOf(service);
      if (status === 'SERVICE_UNKNOWN') callback(unknownService(service, services));
      else callback(null, { status });
    },
    Watch: (call: ServerCall<HealthRequest, HealthResponse>) => {
      let sent: string | undefined;
      const update = (): void => {
        const status = statusOf(call.request.service);
        if (status === sent) return;
        sent = status;
        call.write({ status });
      };
      update();
      watches.add(update);
      timer ??= setInterval(() => {
        for (const check of watches) check();
      }, WATCH_INTERVAL_MS).unref();
      call
        .on('end', () => {
          update();
          remove(update);
          call.end();
        })
        .on('cancelled', () => {
          remove(update);
        });
    },
  };
}

function unknownService(name: string, services: readonly string[]): CallError {
  const known = services.map((service) => JSON.stringify(service)).join(', ');
  return new CallError(
    GrpcStatus.NOT_FOUND,
    `service: expected one of ${known}, got ${JSON.stringify(name.slice(0, 80))}; correct it or leave it out`,
  );
}
