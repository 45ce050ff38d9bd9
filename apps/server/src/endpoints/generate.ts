import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GenerateCall, Serving } from '@onda/serving';
import type { ModelParams } from '../http/addRoute.ts';
import { addModelRoutes } from '../http/addRoute.ts';
import { failureBody, sendJson } from '../http/replies.ts';
import { requestBody } from '../http/requestBody.ts';
import { GenerateRequest, GenerateResponse } from '../http/schemas.ts';
import { writeEvents } from '../http/serverSentEvents.ts';
import { limits, timeouts } from '../limits.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * `POST /v2/models/{name}[/versions/{version}]/generate`: the samples after a prompt or a live sequence. `generate_stream` sends them as
 * server-sent events: each has some samples in the form of generate's response, the last one also the state.
 *
 * An invalid request is a plain error. A failure after the first event is an event `error`. Generation stops when the client closes the
 * connection, and back-pressure keeps it from running ahead of the client.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function addGenerate(app: FastifyInstance, serving: Serving, log: Log): void {
  const docs = { body: GenerateRequest, response: GenerateResponse, errors: [409, 410, 422, 504] };
  const generate = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    sendJson(reply, await serving.generate(callOf(request, reply)));
  const generateStream = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    try {
      await serving.generateStream(callOf(request, reply), (first, rest) => stream(log, reply, first, rest));
    } catch (error) {
      // A failure after the first event was sent as an event.
      if (!reply.sent) throw error;
    }
  };
  addModelRoutes(
    app,
    '/generate',
    {
      POST: {
        docs: {
          operationId: 'generate',
          summary: 'Generates the samples after a prompt. An extension of Onda.',
          ...docs,
        },
        handler: generate,
      },
    },
    limits.generateBodyBytes,
  );
  addModelRoutes(
    app,
    '/generate_stream',
    {
      POST: {
        docs: {
          operationId: 'generateStream',
          summary: 'Generates the samples after a prompt as server-sent events, each with a line of JSON.',
          ...docs,
          events: true,
        },
        handler: generateStream,
      },
    },
    limits.generateBodyBytes,
  );
}

function callOf(request: FastifyRequest, reply: FastifyReply): GenerateCall {
  const { name, version } = request.params as ModelParams;
  return {
    model: name,
    version,
    client: request.client,
    body: requestBody(request),
    isGone: () => reply.raw.destroyed,
  };
}

/** @param first awaited before the status is sent, so that an error of the request has its own status */
async function stream(
  log: Log,
  reply: FastifyReply,
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string, void>,
): Promise<void> {
  reply.hijack();
  const { raw: response } = reply;
  response.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });
  await writeEvents(response, first, rest, {
    maxMs: timeouts.streamMs,
    heartbeatMs: timeouts.streamHeartbeatMs,
    errorText: (error) => failureBody(log, error),
  });
}
