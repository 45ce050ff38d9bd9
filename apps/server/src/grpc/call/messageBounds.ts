import { limits } from '../../limits.ts';

/** What the messages of a port may be. */
export interface MessageBounds {
  /** Of one message, compressed or not. */
  readonly messageBytes: number;
  /** Of all that are not whole, over all connections. */
  readonly heldBytes: number;
  /** What to do about a message that is too large. */
  readonly remedy: string;
}

/** Of the service's own port. */
export const inferenceBounds: MessageBounds = {
  messageBytes: limits.bodyBytes,
  heldBytes: limits.grpcHeldBytes,
  remedy: 'send fewer samples at a time',
};
