import type { InferRequest, InferResponse, SequenceControl } from '@onda/protocol';

/**
 * Where clients have tokens, each has its own sequences: the id that is kept is the client's name, a slash, and the client's id.
 * A name holds no slash, so that no two clients can come to the same.
 */
export function scopedId(client: string | undefined, id: string): string {
  return client === undefined ? id : `${client}/${id}`;
}

/** The client of a kept id. */
export function clientOfId(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf('/')));
}

/** A request whose sequences are its client's own. */
export function scopedRequest(client: string | undefined, request: InferRequest): InferRequest {
  const { sequence, rows } = request;
  if (client === undefined) return request;
  const scoped = (control: SequenceControl): SequenceControl => ({
    ...control,
    id: scopedId(client, control.id),
    ownId: control.id,
  });
  return { ...request, sequence: sequence && scoped(sequence), rows: rows?.map(scoped) };
}

/** An answer that names the sequence as its client does. */
export function unscopedResponse(client: string | undefined, response: InferResponse): InferResponse {
  const kept = response.parameters?.sequence_id;
  if (client === undefined || typeof kept !== 'string') return response;
  const sequence_id = kept.slice(scopedId(client, '').length);
  return { ...response, parameters: { ...response.parameters, sequence_id } };
}
