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
  /** Frees the session's memory; it cannot run afterwards. */
  release(): Promise<void>;
}

/** Creates sessions from the bytes of ONNX files. */
export interface Runtime {
  /** Display name: `onnxruntime-node 1.30.0`. */
  readonly name: string;
  createSession(model: Uint8Array): Promise<Session>;
}
