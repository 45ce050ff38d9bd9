import { countRequest, generateAll, generatePieces, readGeneration } from '@onda/serving';
import type { ServedModel } from '@onda/serving';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addModelRoutes } from '../http/addRoute.ts';
import type { ModelParams } from '../http/addRoute.ts';
import { failureBody } from '../http/errorReplies.ts';
import { requestBody } from '../http/requestBody.ts';
import { sendJson } from '../http/sendAnswer.ts';
import { writeEvents } from '../http/serverSentEvents.ts';
import { limits, timeouts } from '../limits.ts';
import { GenerateRequest, GenerateResponse } from '../openapi/schemas.ts';
import type { Service } from '../service.ts';

/**
 * `POST /v2/models/{name}[/versions/{version}]/generate`: the samples after a prompt or a live sequence. `generate_stream` sends them as
 * server-sent events: each has some samples in the form of generate's answer, the last one the state.
 *
 * An invalid request is a plain error. A failure after the first event is an event `error`. Generation stops when the client closes the
 * connection, and back-pressure keeps it from running ahead of the client.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function addGenerate(app: FastifyInstance, service: Service): void {
  const docs = { body: GenerateRequest, response: GenerateResponse, errors: [409, 410, 422] };
  const generate = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { name, version } = request.params as ModelParams;
    const model = service.repository.findHeld(name, version);
    const call = { version, body: requestBody(request), client: request.client };
    const answer = await countRequest(model.stats, async () =>
      generateAll(await readGeneration(service, model, call), (run) =>
        service.generations.run(() => reply.raw.destroyed, run),
      ),
    );
    return sendJson(reply, answer);
  };
  const generateStream = (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { name, version } = request.params as ModelParams;
    const model = service.repository.findHeld(name, version);
    return countRequest(model.stats, () => stream(service, model, request, reply)).catch((error: unknown) => {
      // A failure after the first event was sent as an event.
      if (!reply.sent) throw error;
    });
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

async function stream(
  service: Service,
  model: ServedModel,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const since = performance.now();
  const { version } = request.params as ModelParams;
  const call = { version, body: requestBody(request), client: request.client };
  const pieces = generatePieces(
    await readGeneration(service, model, call),
    limits.streamPieceSamples,
    (run) => service.generations.run(() => reply.raw.destroyed, run),
  );
  // The first piece comes before the status, so that an error of the model has its own status.
  const first = await pieces.next();
  model.stats.firstResponse(performance.now() - since);
  reply.hijack();
  const { raw: response } = reply;
  response.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });
  await writeEvents(response, first, pieces, {
    maxMs: timeouts.streamMs,
    heartbeatMs: timeouts.streamHeartbeatMs,
    errorText: (error) => failureBody(service.log, error),
  });
}
