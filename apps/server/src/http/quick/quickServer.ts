import { Server } from 'node:http';
import type { RequestListener, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Service } from '../../service.ts';
import { QuickConnection } from './quickConnection.ts';

/** How often slow senders are looked for, milliseconds. */
const CHECK_MS = 1000;

/**
 * Node's HTTP server, with a short way for plain infer requests: as long as a connection carries nothing else, it is read and
 * written here and not by Node's HTTP. Two thirds of what a small request costs went into the objects of `node:http` and the
 * router; the model's run is the smaller part.
 *
 * What is out of the ordinary in any way is never interpreted here: the connection becomes one of Node's.
 */
export class QuickServer extends Server {
  readonly #quick = new Set<QuickConnection>();

  constructor(options: ServerOptions, service: Service, listener: RequestListener) {
    super(options, listener);
    const accept = this.listeners('connection') as ((socket: Socket) => void)[];
    this.removeAllListeners('connection');
    this.on('connection', (socket: Socket) => {
      const connection = new QuickConnection(socket, service, () => {
        this.#quick.delete(connection);
        for (const listen of accept) listen.call(this, socket);
      });
      this.#quick.add(connection);
      socket.once('close', () => this.#quick.delete(connection));
    });
    const timer = setInterval(() => {
      const now = performance.now();
      for (const connection of this.#quick) connection.checkTime(now);
    }, CHECK_MS);
    timer.unref();
    this.once('close', () => {
      clearInterval(timer);
    });
  }

  override closeIdleConnections(): void {
    super.closeIdleConnections();
    for (const connection of this.#quick) if (connection.idle) connection.destroy();
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const connection of this.#quick) connection.destroy();
  }
}
