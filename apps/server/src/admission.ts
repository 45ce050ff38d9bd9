import { ProtocolError } from '@onda/protocol';
import { limits } from './limits.ts';
import type { ServedModel } from './servedModel.ts';
import type { Service } from './service.ts';

/**
 * Refuses a run that would take more memory than one request may.
 *
 * @param samples fed and generated, in one row
 * @throws ProtocolError 413
 */
export function checkRunSize(model: ServedModel, batch: number, samples: number): void {
  if (batch > limits.batch) {
    throw new ProtocolError(
      'too-large',
      `model "${model.name}": expected at most ${limits.batch} sequences at a time, got ${batch}; send several requests`,
    );
  }
  const { net, state } = model.manifest;
  const width = Math.max(state.size, net.features, net.outputs);
  const most = Math.floor(limits.runValues / width);
  if (batch * samples > most) {
    throw new ProtocolError(
      'too-large',
      `model "${model.name}": expected at most ${most} samples a request over all sequences, got ${batch * samples}; send several requests and hand the state on`,
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
