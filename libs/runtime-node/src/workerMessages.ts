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
  /** `model`: the bytes of the file; to a process their number, since they are sent through a separate pipe. */
  | { kind: 'create'; id: number; session: number; model: Uint8Array | number }
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
  /** `milliseconds`: duration of the load or run. */
  | { kind: 'created'; id: number; info: SessionInfo; milliseconds: number }
  | { kind: 'ran'; id: number; tensors: Record<string, RuntimeTensor>; milliseconds: number }
  | { kind: 'released'; id: number }
  | { kind: 'failed'; id: number; error: ErrorMessage };

/** Messages of the worker. Calls and replies are sent in batches, because a message costs more than a small run. */
export type WorkerPost =
  | { kind: 'ready' }
  | { kind: 'warning'; text: string }
  | { kind: 'replies'; replies: Reply[]; batchDone: boolean };

/** A worker ended or does not start: pending runs are lost, sequence states are not. */
export class WorkerError extends OndaError {
  constructor(message: string, code = 'worker') {
    super(code, message, { exitCode: 1 });
  }
}

/** A load or run exceeded its time limit, and its worker was ended. */
export class RunTimeoutError extends WorkerError {
  constructor(message: string) {
    super(message, 'run-timeout');
  }
}

/** Time limits of a worker, milliseconds. */
export interface WorkerLimits {
  /** Of loading one model. */
  loadMs: number;
  /** Of one run. */
  runMs: number;
}

export const defaultLimits: WorkerLimits = { loadMs: 120_000, runMs: 30_000 };

/** A worker thread, or a process with the same interface. */
export interface WorkerHost {
  postMessage(calls: Call[]): void;
  on(event: 'message', listener: (post: WorkerPost) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  /** A process ends at once; a thread after the native call in which it is. */
  terminate(): Promise<unknown>;
}
