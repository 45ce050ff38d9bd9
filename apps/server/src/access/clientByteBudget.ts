import type { ByteBudget } from '@onda/contract';
import { networkOf } from './clientLimits.ts';

/**
 * Bounds the memory that clients make the service hold in request bodies, messages and unread responses, over HTTP and gRPC together. One
 * client gets half of it at most. All operations take constant time; clients without reserved bytes are not kept.
 */
export class ClientByteBudget implements ByteBudget {
  readonly maxBytes: number;
  readonly #maxBytesOfClient: number;
  #reserved = 0;
  readonly #clients = new Map<string, number>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.#maxBytesOfClient = maxBytes / 2;
  }

  get reserved(): number {
    return this.#reserved;
  }

  /** @param address of the client */
  reserve(bytes: number, address: string): boolean {
    const client = networkOf(address);
    const ofClient = (this.#clients.get(client) ?? 0) + bytes;
    if (this.#reserved + bytes > this.maxBytes || ofClient > this.#maxBytesOfClient) return false;
    this.#reserved += bytes;
    this.#clients.set(client, ofClient);
    return true;
  }

  release(bytes: number, address: string): void {
    const client = networkOf(address);
    const left = (this.#clients.get(client) ?? 0) - bytes;
    this.#reserved -= bytes;
    if (left > 0) this.#clients.set(client, left);
    else this.#clients.delete(client);
  }
}
