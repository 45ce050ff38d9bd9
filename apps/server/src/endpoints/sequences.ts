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
import type { DocumentModel, ModelRepository, ServedModel } from '@onda/serving';
import { addModelRoutes } from '../http/addRoute.ts';
import type { ModelParams } from '../http/addRoute.ts';
import { requestBody } from '../http/requestBody.ts';
import { sendJson } from '../http/sendAnswer.ts';
import { limits } from '../limits.ts';
import { SequenceCounts, SequenceDocument, SequenceImported, SequencePath } from '../openapi/schemas.ts';

interface SequenceParams extends ModelParams {
  id: string;
}

/**
 * `/v2/models/{name}[/versions/{version}]/sequences`: counts. `.../sequences/{id}`: GET exports a live sequence as a document, PUT imports
 * one from a document. An extension of Onda.
 */
export function addSequences(app: FastifyInstance, repository: ModelRepository): void {
  addModelRoutes(app, '/sequences', {
    GET: {
      docs: {
        operationId: 'sequences',
        summary: 'Numbers of sequences. An extension of Onda.',
        response: SequenceCounts,
      },
      handler: (request, reply) => {
        const { name, version } = request.params as ModelParams;
        const model = repository.findHeld(name, version);
        const all = [model, ...repository.others(model, version)].map(({ sequences }) => sequences);
        const sum = (count: 'size' | 'started' | 'ended' | 'expired'): number =>
          all.reduce((total, sequences) => total + sequences[count], 0);
        const counts = { started: sum('started'), ended: sum('ended'), expired: sum('expired') };
        const { most } = model.sequences.limits;
        return sendJson(reply, JSON.stringify({ live: sum('size'), most, ...counts }));
      },
    },
  });
  addModelRoutes(
    app,
    '/sequences/:id',
    {
      GET: {
        docs: {
          operationId: 'exportSequence',
          summary: 'Exports a live sequence. An extension of Onda.',
          response: SequenceDocument,
          errors: [410],
        },
        schema: { params: SequencePath },
        handler: (request, reply) => exportSequence(repository, request, reply),
      },
      PUT: {
        docs: {
          operationId: 'importSequence',
          summary: 'Imports a sequence that was exported, here or by another service. An extension of Onda.',
          body: SequenceDocument,
          response: SequenceImported,
          errors: [409],
        },
        schema: { params: SequencePath },
        handler: (request, reply) => importSequence(repository, request, reply),
      },
    },
    limits.generateBodyBytes,
  );
}

async function exportSequence(
  repository: ModelRepository,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { name, version } = request.params as SequenceParams;
  const model = repository.findHeld(name, version);
  const { id, scoped } = named(model, request);
  const found = await findLive(repository, model, version, scoped, id);
  found.model.stats.exported++;
  return sendJson(reply, writeSequence(documentModel(found.model), id, found.sequence));
}

async function importSequence(
  repository: ModelRepository,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
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

/** The id of a request's path, as the client knows it and as it is stored. */
function named(model: ServedModel, request: FastifyRequest): { id: string; scoped: string } {
  const { id } = request.params as SequenceParams;
  if (model.signature.states.length === 0) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}": expected a model with state, got one without; it has no sequences`,
    );
  }
  return { id, scoped: scopedId(request.client, id) };
}

function documentModel(model: ServedModel): DocumentModel & { model: ServedModel } {
  const { name, fileHash, steps } = model;
  return { name, fileHash, layout: steps.layout, model };
}
