import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
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
 * one turn of the event loop, and those whose connection closes early would never end. So this hook must be the first one.
 */
export function addPipelining(app: FastifyInstance): void {
  const waiting = new WeakMap<Socket, number>();
  app.addHook('onRequest', ({ raw: { socket } }, { raw: response }, done) => {
    if (!(response instanceof PipelinedResponse) || response.socket !== null) {
      done();
      return;
    }
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    if (count > MAX_WAITING) {
      socket.destroy();
      return;
    }
    response.onTurn = () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      done();
    };
  });
}
