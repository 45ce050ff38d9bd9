import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { ModelError } from '@onda/contract';
import { errorBody, ProtocolError, statusOf } from '@onda/protocol';
import type { Tokens } from '../access/tokens.ts';
import { timeouts } from '../limits.ts';
import type { RepositoryControl } from '../models/repositoryControl.ts';

/** An index or a load says next to nothing. */
const MAX_BODY_BYTES = 65_536;

const modelPath = /^\/v2\/repository\/models\/([^/]+)\/(load|unload)$/;

/**
 * The admin's own port, off unless it is asked for: Triton's model repository extension, which says which models are loaded. It
 * can load what lies in the repository's folder and nothing else: no file, path or configuration is taken from a request.
 *
 * @param tokens  who may ask; undefined: whoever reaches the port
 * @param onDefect gets what is no fault of the request
 */
export function createAdminServer(
  control: RepositoryControl,
  tokens: Tokens | undefined,
  onDefect: (text: string) => void,
): Server {
  const server = createServer((request, response) => {
    const send = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(body);
    };
    answer(control, tokens, request).then(
      (body) => {
        send(200, body);
      },
      (error: unknown) => {
        // A model that does not load: whoever asked is to hear why.
        const status = error instanceof ModelError ? 400 : statusOf(error);
        if (status !== undefined && error instanceof Error) {
          send(status, errorBody(error.message));
          return;
        }
        onDefect(error instanceof Error ? (error.stack ?? error.message) : String(error));
        send(500, errorBody('the service could not answer; what it printed says why, and it goes on'));
      },
    );
  });
  server.headersTimeout = timeouts.headersMs;
  server.requestTimeout = timeouts.requestMs;
  return server;
}

async function answer(
  control: RepositoryControl,
  tokens: Tokens | undefined,
  request: IncomingMessage,
): Promise<string> {
  // A browser says where the page is from that asks; no page has anything to say here.
  if (request.headers.origin !== undefined) {
    throw new ProtocolError('forbidden', 'this port answers no pages; ask without Origin');
  }
  tokens?.clientOf(request.headers.authorization);
  const url = request.url ?? '';
  const found = modelPath.exec(url);
  if (url !== '/v2/repository/index' && found === null) {
    throw new ProtocolError(
      'not-found',
      'this port answers POST /v2/repository/index and /v2/repository/models/NAME/load and unload; ask for one of them',
    );
  }
  if (request.method !== 'POST') {
    throw new ProtocolError('method', `${url.slice(0, 200)}: expected POST; use POST`);
  }
  const body = await readBody(request);
  if (found === null) return JSON.stringify(await control.index(body.ready === true));
  if (body.parameters !== undefined && Object.keys(Object(body.parameters) as object).length > 0) {
    throw new ProtocolError(
      'malformed',
      'parameters: expected none, since a model comes from the repository as it lies there; put files and configuration into its folder',
    );
  }
  const [, encoded, action] = found;
  const name = decodeName(encoded);
  await (action === 'load' ? control.load(name) : control.unload(name));
  return '{}';
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
    if (length > MAX_BODY_BYTES) {
      throw new ProtocolError(
        'too-large',
        `the body: expected at most ${MAX_BODY_BYTES} bytes, got more; send less`,
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
