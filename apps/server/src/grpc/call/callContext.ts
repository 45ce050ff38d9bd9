import type { Service } from '../../service.ts';
import type { Method } from '../methods.ts';
import type { CallHandler } from './grpcCall.ts';
import type { HeldBytes } from './heldBytes.ts';

/** What the calls of a server share. */
export interface CallContext {
  readonly service: Service;
  /** By path. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly held: HeldBytes;
  /** Calls that would last on when the service stops. */
  readonly streams: Set<CallHandler>;
}
