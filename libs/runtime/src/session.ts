import type { TensorValue } from '@onda/contract';

/** A tensor as runtimes exchange it: row-major data and its dims. */
export type RuntimeTensor = TensorValue;

/** What a model says of an input or output: a name stands for a dim that is not fixed. */
export interface TensorInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** A loaded model. One run at a time; results are the caller's. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** What executes it, for people: `cpu`, `cuda`, `wasm`. */
  readonly provider: string;
  /** How often it holds the model in memory at most; once when left out. */
  readonly copies?: number;
  /**
   * Runs the model once.
   *
   * @param feeds   a tensor for every input
   * @param fetches names of the outputs to compute; all of them when left out
   */
  run(
    feeds: Record<string, RuntimeTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, RuntimeTensor>>;
  /** Frees what the runtime holds; the session cannot run after it. */
  release(): Promise<void>;
}

/** Makes sessions from the bytes of ONNX files; one a runtime. */
export interface Runtime {
  /** What it is, for people: `onnxruntime-node 1.30.0`. */
  readonly name: string;
  createSession(model: Uint8Array): Promise<Session>;
}
