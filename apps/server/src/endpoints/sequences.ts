import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  findLive,
  livesAlready,
  readSequence,
  scopedId,
  tooManySequences,
  writeSequence,
} from '@onda/serving';
import type { DocumentModel, ServedModel } from '@onda/serving';
import { clientOf } from '../access/guard.ts';
import { addModelRoutes } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { limits } from '../limits.ts';
import { requestBody } from '../requestBody.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';

interface SequenceParams extends ModelParams {
  id: string;
}

const MAX_ID_LENGTH = 128;

/**
 * `/v2/models/{name}[/versions/{version}]/sequences`: how many live. `.../sequences/{id}`: GET gives a live sequence to go on from
 * elsewhere, PUT takes one that was given so. An endpoint of Onda's own.
 */
export function addSequences(app: FastifyInstance, service: Service): void {
  addModelRoutes(app, '/sequences', {
    GET: (request, reply) => {
      const { name, version } = request.params as ModelParams;
      const { repository } = service;
      const model = repository.findHeld(name, version);
      const all = [model, ...repository.others(model, version)].map(({ sequences }) => sequences);
      const sum = (count: 'size' | 'started' | 'ended' | 'expired'): number =>
        all.reduce((total, sequences) => total + sequences[count], 0);
      const counts = { started: sum('started'), ended: sum('ended'), expired: sum('expired') };
      const { most } = model.sequences.limits;
      return sendJson(reply, JSON.stringify({ live: sum('size'), most, ...counts }));
    },
  });
  addModelRoutes(
    app,
    '/sequences/:id',
    {
      GET: (request, reply) => exportSequence(service, request, reply),
      PUT: (request, reply) => importSequence(service, request, reply),
    },
    limits.generateBodyBytes,
  );
}

async function exportSequence(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { name, version } = request.params as SequenceParams;
  const model = service.repository.findHeld(name, version);
  const { id, scoped } = named(model, request);
  const found = await findLive(service.repository, model, version, scoped, id);
  found.model.stats.exported++;
  return sendJson(reply, writeSequence(documentModel(found.model), id, found.sequence));
}

async function importSequence(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { repository } = service;
  const { name, version } = request.params as SequenceParams;
  const newest = repository.find(name, version);
  const { id, scoped } = named(newest, request);
  const candidates = version === undefined ? repository.served.filter((one) => one.name === name) : [newest];
  const content = readSequence(requestBody(request), id, candidates.map(documentModel));
  const { model } = content;
  const { sequences, steps } = model;
  const kept = await steps.turns.take([scoped], async () => {
    for (const other of repository.others(model, version)) {
      if ((await other.sequences.find(scoped))?.kind === 'live') throw livesAlready(id);
    }
    sequences.hold(scoped, true);
    try {
      const { row, steps, samples } = content;
      return await sequences.keep(scoped, { row, steps, samples, expected: 0, last: undefined, end: false });
    } finally {
      sequences.letGo(scoped, true);
    }
  });
  if (kept.kind === 'moved') throw livesAlready(id);
  if (kept.kind === 'full') throw tooManySequences(sequences.limits, kept.ofClient);
  model.stats.imported++;
  return sendJson(
    reply,
    JSON.stringify({
      sequence_id: id,
      sequence_step: content.steps,
      sequence_samples: content.samples,
      sequence_expires_in_ms: kept.expiresInMs,
    }),
  );
}

/** The sequence of a request's path, as the client calls it and as it is kept. */
function named(model: ServedModel, request: FastifyRequest): { id: string; scoped: string } {
  const { id } = request.params as SequenceParams;
  if (model.signature.states.length === 0) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}" keeps no state from one request to the next; it has no sequences`,
    );
  }
  if (id.length > MAX_ID_LENGTH) {
    throw new ProtocolError(
      'malformed',
      `the path: expected a sequence_id of at most ${MAX_ID_LENGTH} characters, got ${id.length}; shorten it`,
    );
  }
  return { id, scoped: scopedId(clientOf(request.raw), id) };
}

function documentModel(model: ServedModel): DocumentModel & { model: ServedModel } {
  const { name, fileHash, steps } = model;
  return { name, fileHash, layout: steps.layout, model };
}
