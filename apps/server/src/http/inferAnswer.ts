import type { IncomingHttpHeaders } from 'node:http';
import { decodeInferRequest, encodeInferResponse, readHeaderLength } from '@onda/protocol';
import { countRequest, inferOutputs, routeRequest } from '@onda/serving';
import { limits } from '../limits.ts';
import type { Service } from '../service.ts';
import { jsonType } from './httpAnswer.ts';
import type { HttpAnswer } from './httpAnswer.ts';

const HEADER_LENGTH = 'inference-header-content-length';

/** An infer request as HTTP hands it in. */
export interface InferCall {
  name: string;
  version: string | undefined;
  headers: IncomingHttpHeaders;
  /** All of it. */
  body: Uint8Array;
  /** The name of its token; undefined where there are no tokens. */
  client: string | undefined;
  isGone: () => boolean;
}

/**
 * Answers an infer request.
 *
 * @throws ProtocolError, ShapeError, DataError; what the session throws
 */
export async function inferAnswer(service: Service, call: InferCall): Promise<HttpAnswer> {
  const model = service.repository.findHeld(call.name, call.version);
  return countRequest(model.stats, async () => {
    const jsonLength = readHeaderLength(call.headers[HEADER_LENGTH]);
    const response = await routeRequest(
      service.repository,
      model,
      call.version,
      call.client,
      ({ signature }) => decodeInferRequest(call.body, jsonLength, signature, limits.tensorValues),
      (routed) => inferOutputs(routed, call.isGone, call.client),
    );
    const { body, headerLength } = encodeInferResponse(response);
    if (headerLength === undefined) return { status: 200, headers: jsonType, body };
    const headers = { 'content-type': 'application/octet-stream', [HEADER_LENGTH]: String(headerLength) };
    return { status: 200, headers, body };
  });
}
