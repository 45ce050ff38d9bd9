import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A connection below HTTP, for requests that no client would make. */
export class RawSocket {
  readonly socket: Socket;
  #received = '';

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (data: string) => (this.#received += data));
    // A cut connection is what some of the tests are about.
    this.socket.on('error', () => undefined);
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Everything up to the server's end of the connection. */
  closed(): Promise<string> {
    return new Promise((resolve) => {
      const done = (): void => {
        resolve(this.#received);
      };
      this.socket.once('end', done);
      this.socket.once('close', done);
    });
  }

  /** What came, once it holds `text`. */
  received(text: string): Promise<string> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.#received.includes(text)) return;
        this.socket.off('data', look);
        resolve(this.#received);
      };
      this.socket.on('data', look);
      look();
    });
  }

  destroy(): void {
    this.socket.destroy();
  }
}
