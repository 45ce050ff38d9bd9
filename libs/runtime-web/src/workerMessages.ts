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

/** The part of a Worker, of a worker's own scope and of a MessagePort that the two ends talk through. */
export interface Port {
  postMessage(message: unknown, options: { transfer: Transferable[] }): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
}

/** From the page to the worker; `call` comes back in the reply. */
export type Request =
  | { call: number; kind: 'create'; model: Uint8Array }
  | {
      call: number;
      kind: 'run';
      session: number;
      feeds: Record<string, RuntimeTensor>;
      fetches: readonly string[] | undefined;
    }
  | { call: number; kind: 'release'; session: number };

/** What the page learns of a session that lives in the worker. */
export interface RemoteSession {
  session: number;
  runtime: string;
  provider: string;
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
}

/** From the worker to the page. */
export type Reply =
  | { call: number; kind: 'created'; created: RemoteSession }
  | { call: number; kind: 'ran'; results: Record<string, RuntimeTensor> }
  | { call: number; kind: 'released' }
  | { call: number; kind: 'failed'; error: ErrorMessage };

/** An error as a message carries it: structured cloning drops the class and its own fields. */
export interface ErrorMessage {
  code: string | null;
  message: string;
}

const classes = {
  config: ConfigError,
  data: DataError,
  shape: ShapeError,
  model: ModelError,
  missing: MissingError,
  result: ResultError,
} as const;

/** Makes a message of an error; `fromErrorMessage` gives the same class and text back. */
export function toErrorMessage(error: unknown): ErrorMessage {
  if (error instanceof OndaError) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? error.message : String(error) };
}

/** The error that `toErrorMessage` was given: the same class, code and text. */
export function fromErrorMessage({ code, message }: ErrorMessage): Error {
  if (code === null) return new Error(message);
  if (code in classes) return new classes[code as keyof typeof classes](message);
  return new OndaError(code, message);
}
