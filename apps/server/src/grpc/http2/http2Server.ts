import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { limits } from '../../limits.ts';
import { Http2Connection } from './http2Connection.ts';
import type { OpenRequest } from './streamTable.ts';

/** How often slow, idle and leaving connections are looked at, milliseconds. */
const CHECK_MS = 500;

/** A port that speaks HTTP/2, and all its connections. */
export class Http2Server {
  readonly socket: Server;
  readonly #connections = new Set<Http2Connection>();
  readonly #timer: NodeJS.Timeout;

  /**
   * @param openFor  takes the requests of a connection
   * @param onDefect told of a fault of ours
   */
  constructor(openFor: (socket: Socket) => OpenRequest, onDefect: (error: unknown) => void) {
    this.socket = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      const connection = new Http2Connection(socket, openFor(socket), onDefect);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
    this.socket.maxConnections = limits.connections;
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const connection of this.#connections) connection.checkTime(now);
    }, CHECK_MS);
    this.#timer.unref();
  }

  /** Takes no more connections and calls, and answers those it has. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.close(() => {
        clearInterval(this.#timer);
        resolve();
      });
      for (const connection of this.#connections) connection.leave();
    });
  }
}
