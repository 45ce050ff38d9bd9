import { ServerResponse } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Requests of a connection that wait for earlier responses; with further ones the connection is closed. */
const MAX_WAITING = 50;

/** A response that knows when the earlier ones of its connection are complete: Node then assigns the socket to it. */
export class PipelinedResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  /** Called once the socket is assigned. */
  onTurn: (() => void) | undefined;

  override assignSocket(socket: Socket): void {
    super.assignSocket(socket);
    const { onTurn } = this;
    this.onTurn = undefined;
    onTurn?.();
  }
}

/**
 * Handles the requests of a connection one after the other. Node emits all requests that a client pipelines at once: thousands could run in
 * one turn of the event loop, and those whose connection closes early would never end. They wait before fastify creates its objects for
 * them, and those that Node still emits for a closed connection are dropped.
 */
export function addPipelining(app: FastifyInstance): void {
  const waiting = new WeakMap<Socket, number>();
  const inTurn = (socket: Socket, response: ServerResponse, handle: () => void): void => {
    if (!(response instanceof PipelinedResponse) || response.socket !== null) {
      handle();
      return;
    }
    if (socket.destroyed) return;
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    if (count > MAX_WAITING) {
      socket.destroy();
      return;
    }
    response.onTurn = () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      handle();
    };
  };
  const handlers = app.server.listeners('request') as RequestListener[];
  app.server.removeAllListeners('request');
  app.server.on('request', (request, response) => {
    inTurn(request.socket, response, () => {
      for (const handle of handlers) handle(request, response);
    });
  });
  // Of the further servers that fastify creates for the addresses of localhost. The first hook, so that nothing is reserved before.
  app.addHook('onRequest', ({ raw: { socket } }, { raw: response }, done) => {
    inTurn(socket, response, done);
  });
}
