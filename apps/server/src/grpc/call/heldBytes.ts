import { limits } from '../../limits.ts';
import { CallError } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';

/**
 * Bytes of messages that are not whole, and of those that wait, over all connections. A message that comes whole in one frame is never
 * among them, so that whoever fills this up keeps no small call from its answer.
 */
export class HeldBytes {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws CallError where there is no room */
  hold(bytes: number): void {
    if (this.#bytes + bytes > limits.grpcHeldBytes) {
      throw new CallError(
        GrpcStatus.RESOURCE_EXHAUSTED,
        `messages that are not whole hold ${limits.grpcHeldBytes} bytes of the service already; send again later`,
      );
    }
    this.#bytes += bytes;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
