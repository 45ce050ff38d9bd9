import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import {
  decodeGenerateFrom,
  decodeGenerateRequest,
  encodeGenerateResponse,
  ProtocolError,
} from '@onda/protocol';
import type { GenerateRequest } from '@onda/protocol';
import { floatTensor, generate } from '@onda/runtime';
import type { FloatTensor } from '@onda/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addModelRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { checkCapacity, checkRunSize } from '../admission.ts';
import { failureAnswer } from '../http/errorAnswer.ts';
import { limits, timeouts } from '../limits.ts';
import { requestBody } from '../requestBody.ts';
import type { Generator, ServedModel } from '../servedModel.ts';
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
  const handler = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    answer(service, request, reply);
  addModelRoute(app, 'POST', '/generate_stream', handler, limits.generateBodyBytes);
}

async function answer(service: Service, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { name, version } = request.params as ModelParams;
  const model = service.repository.find(name, version);
  const { generator } = model;
  if (generator === null) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}" has no generator: its outputs are not its inputs; use infer`,
    );
  }
  if (decodeGenerateFrom(requestBody(request))) {
    throw new ProtocolError(
      'malformed',
      'sequence_id: generate_stream takes a prompt; use generate to go on from a live sequence',
    );
  }
  const { manifest } = generator;
  const asked = decodeGenerateRequest(requestBody(request), {
    features: manifest.net.features,
    stateSize: manifest.state.size,
  });
  checkRunSize(model, asked.prompt.dims[0], asked.prompt.dims[1] + asked.samples);
  checkCapacity(service);
  const pieces = generatePieces(model, generator, asked);
  // The first before the status: what the model refuses is an error like any other.
  const first = await pieces.next();
  reply.hijack();
  const { raw: response } = reply;
  response.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });
  await writeEvents(service, response, first, pieces);
}

async function writeEvents(
  service: Service,
  response: ServerResponse,
  first: IteratorResult<string, void>,
  pieces: AsyncGenerator<string, void>,
): Promise<void> {
  const until = performance.now() + timeouts.streamMs;
  try {
    for (let piece = first; !piece.done && !response.destroyed; piece = await pieces.next()) {
      if (!response.write(`data: ${piece.value}\n\n`)) await drained(response);
      if (performance.now() < until) continue;
      throw new ProtocolError(
        'timeout',
        `the stream took ${timeouts.streamMs / 1000} seconds, and no stream may take longer; go on from the state in another request`,
      );
    }
  } catch (error) {
    const known = failureAnswer(service, error as Error);
    response.write(`event: error\ndata: ${String(known.body)}\n\n`);
  }
  response.end();
}

/** Until the client has read, or has gone. */
async function drained(response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  await Promise.race([
    once(response, 'drain', { signal: gone.signal }),
    once(response, 'close', { signal: gone.signal }),
  ]).finally(() => {
    gone.abort();
  });
}

/** Answers in the form of generate, one piece of the samples each. */
async function* generatePieces(
  model: ServedModel,
  { session, manifest }: Generator,
  asked: GenerateRequest,
): AsyncGenerator<string, void> {
  const most = Math.max(limits.streamPieceSamples, manifest.lag);
  let { prompt, state } = asked as { prompt: FloatTensor; state: FloatTensor | undefined };
  for (let left = asked.samples; left > 0;) {
    const samples = Math.min(left, most);
    const made = await generate(session, manifest, prompt, state, samples);
    left -= samples;
    yield encodeGenerateResponse({
      modelName: model.name,
      modelVersion: model.version,
      values: made.y,
      nesting: asked.nesting,
      state: left === 0 && asked.returnState ? made.state : undefined,
    });
    if (left === 0) return;
    prompt = lastOf(made.y, manifest.lag);
    ({ state } = made);
  }
}

/** The last samples of each row: what the next piece begins with. */
function lastOf({ dims, data }: FloatTensor, samples: number): FloatTensor {
  const [batch, time, width] = dims;
  const last = new Float32Array(batch * samples * width);
  for (let row = 0; row < batch; row++) {
    const end = (row + 1) * time * width;
    last.set(data.subarray(end - samples * width, end), row * samples * width);
  }
  return floatTensor([batch, samples, width], last);
}
