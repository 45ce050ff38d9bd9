import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { refuseRequest } from '../refuseBody.ts';
import type { Access } from './access.ts';
import { AccessError } from './accessError.ts';

/** Nobody has to say who he is to ask these: orchestrators have no token. Compared as they are written, so that no spelling gets past. */
export const probePaths: readonly string[] = ['/v2/health/live', '/v2/health/ready'];

const clients = new WeakMap<IncomingMessage, string>();

/** The name of a request's client; undefined where nobody is asked. */
export function clientOf(request: IncomingMessage): string | undefined {
  return clients.get(request);
}

/**
 * Stands before every route of HTTP: answers a browser's question whether a page may call, refuses pages that may not, names that
 * are not the service's, clients without a token, and those that ask too much. What is refused is not read.
 *
 * @param isOpen the paths that need no token: the page's own files
 */
export function guard(
  access: Access,
  isOpen: (path: string) => boolean,
  listener: RequestListener,
): RequestListener {
  return (request, response) => {
    const { method = '', url = '', headers } = request;
    if (headers.origin === undefined && !access.asks && access.hosts.knows(headers.host)) {
      listener(request, response);
      return;
    }
    try {
      access.hosts.check(headers.host);
      const preflight = access.origins.preflightHeaders(method, headers);
      if (preflight) {
        response.writeHead(204, preflight).end();
        return;
      }
      setAll(response, access.origins.headersFor(headers));
      if (access.asks && !probePaths.includes(url) && !(isRead(method) && isOpen(url))) {
        enter(access, request, response);
      }
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      access.countRefusal(error);
      const { status, message, headers: more } = error;
      refuseRequest(request, response, { status, text: message, headers: more });
      return;
    }
    listener(request, response);
  };
}

function enter(access: Access, request: IncomingMessage, response: ServerResponse): void {
  const { client, leave } = access.admit(request.headers.authorization, request.socket.remoteAddress ?? '');
  if (client !== undefined) clients.set(request, client);
  response.once('close', leave);
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function setAll(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const name in headers) response.setHeader(name, headers[name]);
}
