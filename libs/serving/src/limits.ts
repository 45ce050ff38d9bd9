import { ShapeError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import type { ServedModel } from './models/servedModel.ts';

/** Limits of one request; beyond them it is rejected with a 4xx before the model runs. */
export const limits = {
  /** Values of one tensor: as many float32 values as the largest binary request body has. */
  tensorValues: 2 * 1024 * 1024,
  /** Rows of one request. */
  batch: 1024,
  /**
   * rows * samples * (the widest of state, inputs and outputs): the intermediate values of the graph, 16 MiB of float32.
   * It also bounds how long one run delays the others: 0.3 to 0.4 seconds for a network of 32 units on one core.
   */
  runValues: 4 * 1024 * 1024,
  /** Generate requests that wait for a worker; further ones are rejected. */
  pending: 1024,
  /**
   * Input values of a batch. Above this a run takes longer than batching saves: 10 to 20 milliseconds for a network of 32 units
   * on one core.
   */
  joinedValues: 128 * 1024,
  /** Samples in one event of a stream of samples. */
  streamPieceSamples: 64,
} as const;

/**
 * Rejects a request whose run would exceed the memory of one request, that has more rows than the model supports, or whose inputs
 * differ in their number of rows, which batches rely on.
 *
 * @throws ProtocolError 413, ShapeError
 */
export function checkRequestSize(model: ServedModel, inputs: Readonly<Record<string, RuntimeTensor>>): void {
  const { signature } = model;
  let rows = 1;
  let first: TensorSpec | undefined;
  let places = 1;
  for (const spec of signature.inputs) {
    const { name, shape } = spec;
    if (!Object.hasOwn(inputs, name)) continue;
    const { dims } = inputs[name];
    if (signature.maxRows > 0) {
      if (first !== undefined && dims[0] !== rows) throw otherRows(spec, dims[0], first, rows);
      first = spec;
      rows = dims[0];
    }
    let open = 1;
    for (let axis = 0; axis < dims.length; axis++) if (typeof shape[axis] === 'string') open *= dims[axis];
    places = Math.max(places, open);
  }
  checkRunSize(model, rows, places / Math.max(1, rows));
}

/** The error of the runtime for unequal symbolic dims, with the same text. */
function otherRows({ name, shape }: TensorSpec, got: number, first: TensorSpec, rows: number): ShapeError {
  const symbol = shape[0] === first.shape[0] && shape[0] !== '' ? shape[0] : 'rows';
  return new ShapeError(
    `input "${name}": expected ${symbol} ${rows} as in input "${first.name}", got ${got}; give both the same ${symbol}`,
  );
}

/**
 * @param batch   rows
 * @param samples fed and generated, in one row
 * @throws ProtocolError 413
 */
export function checkRunSize({ name, signature }: ServedModel, batch: number, samples: number): void {
  const { maxRows, width } = signature;
  if (maxRows > 0 && batch > maxRows) {
    throw new ProtocolError(
      'too-large',
      `model "${name}": expected at most ${maxRows} sequences at a time, got ${batch}; send several requests`,
    );
  }
  const most = Math.floor(limits.runValues / width);
  if (batch * samples > most) {
    throw new ProtocolError(
      'too-large',
      `model "${name}": expected at most ${most} samples a request over all sequences, got ${batch * samples}; send several requests and carry the state over`,
    );
  }
}
