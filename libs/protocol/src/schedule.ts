import { describeValue } from './jsonBody.ts';
import type { Parameters } from './parameters.ts';
import { ProtocolError } from './protocolError.ts';

/** When a request is to be run among others. */
export interface Schedule {
  /** 1 is run first, 9 last; undefined: the model's usual one. */
  priority: number | undefined;
  /** How long it may wait for its run, milliseconds; undefined: as long as it takes. */
  timeoutMs: number | undefined;
}

const LAST_PRIORITY = 9;

/**
 * Reads Triton's `priority` (0 or none: the model's usual one) and `timeout` (microseconds; 0 or none: no end).
 *
 * @throws ProtocolError for other values
 */
export function readSchedule({ priority = 0, timeout = 0 }: Parameters): Schedule {
  if (!isWhole(priority) || priority > LAST_PRIORITY) {
    throw new ProtocolError(
      'malformed',
      `parameters: priority: expected 1 (first) to ${LAST_PRIORITY} (last), or 0 for the usual one, got ${describeValue(priority)}; correct it`,
    );
  }
  if (!isWhole(timeout)) {
    throw new ProtocolError(
      'malformed',
      `parameters: timeout: expected microseconds as a whole number, got ${describeValue(timeout)}; correct it`,
    );
  }
  return {
    priority: priority === 0 ? undefined : priority,
    timeoutMs: timeout === 0 ? undefined : timeout / 1000,
  };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
