import type { Server, Socket } from 'node:net';
import { networkOf } from './networkOf.ts';

/**
 * Bounds the connections of one address, over all ports that are given to it: without, one client could hold as many as the service
 * takes, and say nothing on them.
 */
export class ConnectionCount {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Ends those of a server's connections that are too many, before anything is read of them. */
  bound(server: Server): void {
    const accept = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (!this.accept(socket)) socket.destroy();
      else for (const listen of accept) listen.call(server, socket);
    });
  }

  /** Counts a connection until it closes. @returns false if its address has too many */
  accept(socket: Socket): boolean {
    const client = networkOf(socket.remoteAddress ?? '');
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#most) return false;
    this.#open.set(client, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(client) ?? 1) - 1;
      if (left > 0) this.#open.set(client, left);
      else this.#open.delete(client);
    });
    return true;
  }
}
