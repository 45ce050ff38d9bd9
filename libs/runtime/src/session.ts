import type { TensorValue } from '@onda/contract';

/** A tensor: row-major data and dims. */
export type RuntimeTensor = TensorValue;

/** An input or output of a model; named dims are dynamic. */
export interface TensorInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** A loaded model. Results belong to the caller. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Execution provider: `cpu`, `cuda`, `wasm`. */
  readonly provider: string;
  /** Maximum number of copies of the model in memory; default 1. */
  readonly copies?: number;
  /**
   * Runs the model once.
   *
   * @param feeds   a tensor for every input
   * @param fetches names of the outputs to compute; default: all
   */
  run(
    feeds: Record<string, RuntimeTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, RuntimeTensor>>;
  /**
   * Ends the trial of a new session, once its first runs have succeeded: their durations decide which worker runs it from now on.
   * Absent from runtimes without workers.
   */
  admit?(): Promise<void>;
  /** Frees the session's memory; it cannot run afterwards. */
  release(): Promise<void>;
}

/** Properties of a model that decide where a runtime with workers runs it; others ignore them. */
export interface SessionOptions {
  /**
   * `none`: with the other sessions (default). `trial`: in a process of its own until `admit`, so that loading and the first runs
   * delay no other session. `always`: in a separate process, since a run may not end.
   */
  isolation?: 'none' | 'trial' | 'always';
  /** Whether the duration of a run depends only on the dims of its inputs; then short runs may block the calling thread. Default: false. */
  predictable?: boolean;
  /** Time limit of a run, milliseconds; default: that of the runtime. */
  runMs?: number | undefined;
}

/** Creates sessions from the bytes of ONNX files. */
export interface Runtime {
  /** Display name: `onnxruntime-node 1.30.0`. */
  readonly name: string;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>;
}
