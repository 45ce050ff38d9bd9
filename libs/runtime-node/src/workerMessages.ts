import type { ErrorMessage } from '@onda/contract';
import { OndaError } from '@onda/contract';
import type { RuntimeTensor, TensorInfo } from '@onda/runtime';
import type { OrtOptions } from './ortSession.ts';
import type { ProviderChoice } from './provider.ts';

/** Settings of the worker. */
export interface WorkerSettings extends OrtOptions {
  provider: ProviderChoice;
}

/** A call to the worker; the reply has the same `id`. */
export type Call =
  | { kind: 'create'; id: number; session: number; model: Uint8Array }
  | {
      kind: 'run';
      id: number;
      session: number;
      feeds: Record<string, RuntimeTensor>;
      fetches: readonly string[] | undefined;
    }
  | { kind: 'release'; id: number; session: number };

export interface SessionInfo {
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
  provider: string;
}

export type Reply =
  | { kind: 'created'; id: number; info: SessionInfo }
  /** `milliseconds`: duration of the run. */
  | { kind: 'ran'; id: number; tensors: Record<string, RuntimeTensor>; milliseconds: number }
  | { kind: 'released'; id: number }
  | { kind: 'failed'; id: number; error: ErrorMessage };

/** Messages of the worker. Calls and replies are sent in batches, because a message costs more than a small run. */
export type WorkerPost =
  | { kind: 'ready' }
  | { kind: 'warning'; text: string }
  | { kind: 'replies'; replies: Reply[]; batchDone: boolean };

/** The worker thread ended or does not start: pending runs are lost, sequence states are not. */
export class WorkerError extends OndaError {
  constructor(message: string) {
    super('worker', message, { exitCode: 1 });
  }
}
