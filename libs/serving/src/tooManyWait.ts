import { ProtocolError } from '@onda/protocol';

/**
 * The refusal of one more where a bound is reached: a late answer helps nobody.
 *
 * @param who how many wait, and for what: `1024 requests wait`
 */
export function tooManyWait(who: string): ProtocolError {
  return new ProtocolError(
    'unavailable',
    `${who} already, and the service takes no more; try again in a moment`,
  );
}
