import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { countRequest, generatePieces, readGeneration } from '@onda/serving';
import type { ServedModel } from '@onda/serving';
import { clientOf } from '../access/guard.ts';
import { addModelRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { writeEvents } from '../generation/writeEvents.ts';
import { failureAnswer } from '../http/errorAnswer.ts';
import { limits, timeouts } from '../limits.ts';
import { requestBody } from '../requestBody.ts';
import type { Service } from '../service.ts';

/**
 * `POST /v2/models/{name}[/versions/{version}]/generate_stream`: as `generate`, answered by server-sent events: a piece of the samples
 * in each, in the form of generate's answer, the state in the last.
 *
 * What is wrong with the request is a plain error. What goes wrong after the first event is an event `error`. Nothing more is run
 * once the client has gone, and nothing is made faster than it reads.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function addGenerateStream(app: FastifyInstance, service: Service): void {
  const handler = (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { name, version } = request.params as ModelParams;
    const model = service.repository.findHeld(name, version);
    return countRequest(model.stats, () => answer(service, model, request, reply)).catch((error: unknown) => {
      // What went wrong after the first event was told by an event.
      if (!reply.sent) throw error;
    });
  };
  addModelRoute(app, 'POST', '/generate_stream', handler, limits.generateBodyBytes);
}

async function answer(
  service: Service,
  model: ServedModel,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const since = performance.now();
  const { version } = request.params as ModelParams;
  const call = { version, body: requestBody(request), client: clientOf(request.raw) };
  const pieces = generatePieces(
    await readGeneration(service, model, call),
    limits.streamPieceSamples,
    (run) => service.generations.run(() => reply.raw.destroyed, run),
  );
  // The first before the status: what the model refuses is an error like any other.
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
    mostMs: timeouts.streamMs,
    beatMs: timeouts.streamBeatMs,
    errorText: (error) => String(failureAnswer(service, error).body),
  });
}
