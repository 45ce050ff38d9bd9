import { ProtocolError } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import { limits } from './limits.ts';
import type { ServedModel } from './servedModel.ts';
import type { Service } from './service.ts';

/**
 * Refuses a request whose run would take more memory than one request may, or more rows than the model takes.
 *
 * @throws ProtocolError 413
 */
export function checkRequestSize(model: ServedModel, inputs: Readonly<Record<string, RuntimeTensor>>): void {
  const { signature } = model;
  let rows = 1;
  let places = 1;
  for (const { name, shape } of signature.inputs) {
    if (!Object.hasOwn(inputs, name)) continue;
    const { dims } = inputs[name];
    if (signature.maxRows > 0) rows = dims[0];
    let open = 1;
    for (let axis = 0; axis < dims.length; axis++) if (typeof shape[axis] === 'string') open *= dims[axis];
    places = Math.max(places, open);
  }
  checkRunSize(model, rows, places / Math.max(1, rows));
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

/**
 * Refuses to generate when too many wait already: a late answer helps nobody.
 *
 * @throws ProtocolError 503
 */
export function checkCapacity(service: Service): void {
  if (service.runtime.pending < limits.pending) return;
  throw new ProtocolError(
    'unavailable',
    `${limits.pending} requests wait already, and the service takes no more; try again in a moment`,
  );
}
