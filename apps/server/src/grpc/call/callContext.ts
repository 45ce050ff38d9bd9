import type { Access } from '../../access/access.ts';
import type { Service } from '../../service.ts';
import type { CallHandler } from './callHandler.ts';
import type { HeldBytes } from './heldBytes.ts';

/** What the calls of a port share. */
export interface CallContext {
  readonly service: Service;
  /** Who may call, and how much. */
  readonly access: Access;
  /** The option of the port that answers the methods of the .proto files that this one does not. */
  readonly otherPort: string;
  readonly held: HeldBytes;
  /** Of calls that would last on when the service stops. */
  readonly streams: Set<CallHandler>;
}
