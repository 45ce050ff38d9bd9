import type { WorkerRuntime } from '@onda/runtime-node';
import type { ModelRepository, RunGate, StateStore } from '@onda/serving';
import type { Access } from './access/access.ts';
import type { Log } from './log/createLog.ts';
import type { Tracing } from './tracing/tracing.ts';
import type { Pressure } from './pressure.ts';

/** What the endpoints share. */
export interface Service {
  readonly access: Access;
  readonly repository: ModelRepository;
  /** Of sequences; undefined: they are in memory. */
  readonly store?: StateStore | undefined;
  /** Asked before an infer request is looked at, but for one of a stream. */
  readonly pressure: Pick<Pressure, 'enter' | 'leave'>;
  /** Called with each answer to an infer request. */
  readonly stayAwake: () => void;
  /** Where closed loops wait for their turn. */
  readonly generations: RunGate;
  readonly runtime: Pick<WorkerRuntime, 'alive' | 'pending' | 'stalledMs'>;
  /** Set when the service stops: it is live until it ends, but takes no more. */
  draining: boolean;
  readonly log: Log;
  /** undefined: nobody traces. */
  readonly tracing?: Tracing | undefined;
  /** Where defects of our own are told: one text, with its stack. */
  readonly onDefect: (text: string) => void;
}
