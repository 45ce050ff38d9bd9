import { ShapeError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import { limits } from './limits.ts';
import type { ServedModel } from './servedModel.ts';

/**
 * Refuses a request whose run would take more memory than one request may, or more rows than the model takes, or not the same rows
 * in all inputs: what is joined with others' is told apart by them.
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

/** In the words of the runtime, which checks the dims that a file calls the same. */
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
      `model "${name}": expected at most ${most} samples a request over all sequences, got ${batch * samples}; send several requests and hand the state on`,
    );
  }
}
