import type { SequenceCall, Serving } from '@onda/serving';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addModelRoutes } from '../http/addRoute.ts';
import type { ModelParams } from '../http/addRoute.ts';
import { requestBody } from '../http/requestBody.ts';
import { sendJson } from '../http/replies.ts';
import { limits } from '../limits.ts';
import { SequenceCounts, SequenceDocument, SequenceImported, SequencePath } from '../http/schemas.ts';

interface SequenceParams extends ModelParams {
  id: string;
}

/**
 * `/v2/models/{name}[/versions/{version}]/sequences`: counts. `.../sequences/{id}`: GET exports a live sequence as a document, PUT imports
 * one from a document. An extension of Onda.
 */
export function addSequences(app: FastifyInstance, serving: Serving): void {
  addModelRoutes(app, '/sequences', {
    GET: {
      docs: {
        operationId: 'sequences',
        summary: 'Numbers of sequences. An extension of Onda.',
        response: SequenceCounts,
      },
      handler: (request, reply) => {
        const { name, version } = request.params as ModelParams;
        return sendJson(reply, JSON.stringify(serving.countSequences(name, version)));
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
        handler: async (request, reply) => sendJson(reply, await serving.exportSequence(callOf(request))),
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
        handler: async (request, reply) =>
          sendJson(reply, await serving.importSequence(callOf(request), requestBody(request))),
      },
    },
    limits.generateBodyBytes,
  );
}

function callOf(request: FastifyRequest): SequenceCall {
  const { name, version, id } = request.params as SequenceParams;
  return { model: name, version, client: request.client, id };
}
