import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { errorBody, ProtocolError, statusOf } from '@onda/protocol';
import type { Tokens } from '../access/tokens.ts';
import { endConnections } from '../http/endConnections.ts';
import { timeouts } from '../limits.ts';
import type { Service } from '../service.ts';
import { adminLimits } from './adminLimits.ts';
import { adminRoutes } from './adminRoutes.ts';
import type { AdminRoute } from './adminRoutes.ts';
import type { RepositoryCalls } from './repositoryCalls.ts';

/**
 * The admin's own port, off unless it is asked for: Triton's model repository extension, which says which models are loaded. It
 * can load what lies in the repository's folder and nothing else: no file, path or configuration is taken from a request.
 *
 * `GET /openapi.json` describes it.
 *
 * @param service gets what is no fault of the request
 * @param tokens  who may ask; undefined: whoever reaches the port
 */
export function createAdminServer(
  service: Pick<Service, 'draining' | 'onDefect'>,
  calls: RepositoryCalls,
  tokens: Tokens | undefined,
): Server {
  const routes = adminRoutes(calls);
  const listener: RequestListener = (request, response) => {
    const send = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(body);
    };
    answer(routes, tokens, request, response).then(
      (body) => {
        send(200, body);
      },
      (error: unknown) => {
        const status = statusOf(error);
        if (status !== undefined && error instanceof Error) {
          send(status, errorBody(error.message));
          return;
        }
        service.onDefect(error instanceof Error ? (error.stack ?? error.message) : String(error));
        send(500, errorBody('the service could not answer; what it printed says why, and it goes on'));
      },
    );
  };
  const server = createServer(endConnections(service, listener));
  server.headersTimeout = timeouts.headersMs;
  server.requestTimeout = timeouts.requestMs;
  return server;
}

async function answer(
  routes: readonly AdminRoute[],
  tokens: Tokens | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<string> {
  // A browser says where the page is from that asks; no page has anything to say here.
  if (request.headers.origin !== undefined) {
    throw new ProtocolError('forbidden', 'this port answers no pages; ask without Origin');
  }
  tokens?.clientOf(request.headers.authorization);
  const { method, url = '' } = request;
  const found = routes.flatMap((route) => {
    const name = nameIn(url, route.url);
    return name === undefined ? [] : [{ route, name }];
  });
  if (found.length === 0) {
    throw new ProtocolError(
      'not-found',
      'this port answers POST /v2/repository/index and /v2/repository/models/NAME/load and unload; ask for one of them',
    );
  }
  const [{ route, name }] = found;
  if (method !== route.method) {
    response.setHeader('allow', route.method);
    throw new ProtocolError(
      'method',
      `${url.slice(0, 200)}: expected ${route.method}, got ${method}; use ${route.method}`,
    );
  }
  return route.answer(decodeName(name), route.method === 'GET' ? {} : await readBody(request));
}

/** What stands in the path for `:name`, empty for a route without one; undefined: it is another path. */
function nameIn(path: string, route: string): string | undefined {
  const [before, after] = route.split(':name') as [string, string | undefined];
  if (after === undefined) return path === before ? '' : undefined;
  const name = path.slice(before.length, path.length - after.length);
  return path === before + name + after && name !== '' && !name.includes('/') ? name : undefined;
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new ProtocolError('malformed', 'the path: expected valid percent-encoding, got other; correct it');
  }
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > adminLimits.bodyBytes) {
      throw new ProtocolError(
        'too-large',
        `the body: expected at most ${adminLimits.bodyBytes} bytes, got more; send less`,
      );
    }
    parts.push(part);
  }
  if (length === 0) return {};
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString());
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>;
  } catch {
    // Said below: what is no JSON is no object either.
  }
  throw new ProtocolError('malformed', 'the body: expected a JSON object, or none; correct it');
}
