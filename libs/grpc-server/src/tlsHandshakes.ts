import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { SecureContextOptions, Server, TLSSocket } from 'node:tls';

/**
 * Connections whose TLS handshake is not complete. Each is closed after a time from its first byte on, however slowly the client
 * continues.
 */
export class PendingHandshakes {
  readonly #timeoutMs: number;
  readonly #pending = new Map<string, { readonly socket: Socket; readonly timer: NodeJS.Timeout }>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @param socket without TLS */
  add(socket: Socket): void {
    const peer = peerOf(socket);
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs);
    this.#pending.set(peer, { socket, timer });
    socket.once('close', () => {
      if (this.#pending.get(peer)?.socket === socket) this.#remove(peer);
    });
  }

  complete(socket: TLSSocket): void {
    this.#remove(peerOf(socket));
  }

  destroyAll(): void {
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  #remove(peer: string): void {
    clearTimeout(this.#pending.get(peer)?.timer);
    this.#pending.delete(peer);
  }
}

/** The same for a connection with and without TLS. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** TLS on the connections of a server that speaks HTTP/2: requires the protocol `h2` (ALPN). */
export class TlsHandshakes {
  readonly #server: Server;
  readonly #pending: PendingHandshakes;

  /** @param onSecure called with each connection whose handshake has completed */
  constructor(context: SecureContextOptions, timeoutMs: number, onSecure: (socket: TLSSocket) => void) {
    this.#pending = new PendingHandshakes(timeoutMs);
    // Not listening: it is given connections that are already accepted.
    this.#server = createServer({ ...context, ALPNProtocols: ['h2'], allowHalfOpen: true }, (socket) => {
      this.#pending.complete(socket);
      // A client without ALPN; one that offers other protocols only has been rejected.
      if (socket.alpnProtocol === 'h2') onSecure(socket);
      else socket.destroy();
    });
    this.#server.on('tlsClientError', (_error, socket) => {
      socket.destroy();
    });
  }

  begin(socket: Socket): void {
    this.#pending.add(socket);
    this.#server.emit('connection', socket);
  }

  /** For the connections from now on. */
  setSecureContext(context: SecureContextOptions): void {
    this.#server.setSecureContext(context);
  }

  /** Closes the connections whose handshake is not complete. */
  destroyPending(): void {
    this.#pending.destroyAll();
  }
}
