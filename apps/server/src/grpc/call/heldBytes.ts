import { CallError } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';
import type { MessageBounds } from './messageBounds.ts';

/**
 * Bytes of messages that are not whole, and of those that wait, over all connections. A message that comes whole in one frame is never
 * among them, so that whoever fills this up keeps no small call from its answer.
 */
export class HeldBytes {
  readonly bounds: MessageBounds;
  #bytes = 0;

  constructor(bounds: MessageBounds) {
    this.bounds = bounds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws CallError where there is no room */
  hold(bytes: number): void {
    const { heldBytes } = this.bounds;
    if (this.#bytes + bytes > heldBytes) {
      throw new CallError(
        GrpcStatus.RESOURCE_EXHAUSTED,
        `messages that are not whole hold ${heldBytes} bytes of the service already; send again later`,
      );
    }
    this.#bytes += bytes;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
