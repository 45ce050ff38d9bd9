import type { Service } from '../../service.ts';
import type { CallHandler } from './callHandler.ts';
import type { HeldBytes } from './heldBytes.ts';

/** What the calls of a server share. */
export interface CallContext {
  readonly service: Service;
  readonly held: HeldBytes;
  /** Of calls that would last on when the service stops. */
  readonly streams: Set<CallHandler>;
}
