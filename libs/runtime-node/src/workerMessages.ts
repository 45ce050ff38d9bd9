import {
  ConfigError,
  DataError,
  MissingError,
  ModelError,
  OndaError,
  ResultError,
  ShapeError,
} from '@onda/contract';
import type { RuntimeTensor, TensorInfo } from '@onda/runtime';
import type { OrtOptions } from './ortSession.ts';
import type { ProviderChoice } from './provider.ts';

/** What the worker is started with. */
export interface WorkerSettings extends OrtOptions {
  provider: ProviderChoice;
}

/** A call into the worker; `id` comes back with its reply. */
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

/** An error as it crosses threads, where classes are lost. */
export interface ErrorMessage {
  code: string;
  message: string;
}

export type Reply =
  | { kind: 'created'; id: number; info: SessionInfo }
  /** `milliseconds`: of the run alone. */
  | { kind: 'ran'; id: number; tensors: Record<string, RuntimeTensor>; milliseconds: number }
  | { kind: 'released'; id: number }
  | { kind: 'failed'; id: number; error: ErrorMessage };

/** Everything the worker posts: calls and replies travel many at a time, since posting costs more than a small run. */
export type WorkerPost =
  | { kind: 'ready' }
  | { kind: 'warning'; text: string }
  | { kind: 'replies'; replies: Reply[]; batchDone: boolean };

const classes: Readonly<Record<string, new (message: string) => OndaError>> = {
  config: ConfigError,
  data: DataError,
  missing: MissingError,
  model: ModelError,
  result: ResultError,
  shape: ShapeError,
};

export function toErrorMessage(error: unknown): ErrorMessage {
  if (error instanceof OndaError) return { code: error.code, message: error.message };
  return { code: '', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** An error of the class that was thrown on the other side; one that Onda does not know stays a plain Error. */
export function fromErrorMessage({ code, message }: ErrorMessage): Error {
  return Object.hasOwn(classes, code) ? new classes[code](message) : new Error(message);
}
