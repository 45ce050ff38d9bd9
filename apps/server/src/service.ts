import type { WorkerRuntime } from '@onda/runtime-node';
import type { ModelRepository, Serving, StoreStatus } from '@onda/serving';
import type { Access } from './access/access.ts';
import type { GrpcEngine } from './grpc/engines.ts';
import type { Log } from './log/createLog.ts';
import type { Tracing } from './tracing/tracing.ts';

/** What the endpoints share. */
export interface Service {
  readonly access: Access;
  readonly repository: ModelRepository;
  /** Of sequences; undefined: they are in memory. */
  readonly store?: StoreStatus | undefined;
  readonly serving: Serving;
  /** Whether the service is overloaded; set by the HTTP app, whose monitor all transports share. */
  overloaded: () => boolean;
  readonly runtime: Pick<WorkerRuntime, 'alive' | 'pending' | 'stalledMs'>;
  /** Set when the service stops: it is live until it ends, but takes no more. */
  draining: boolean;
  readonly log: Log;
  /** Of all gRPC ports; default: onda. */
  readonly grpcEngine?: GrpcEngine;
  /** undefined: nobody traces. */
  readonly tracing?: Tracing | undefined;
  /** Where defects of our own are told: one text, with its stack. */
  readonly onDefect: (text: string) => void;
}
