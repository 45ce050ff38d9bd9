import { OndaError } from '@onda/contract';
import { errorBody, statusOf } from '@onda/protocol';
import type { Service } from '../service.ts';
import { jsonType, retryAfter } from './httpAnswer.ts';
import type { HttpAnswer } from './httpAnswer.ts';

/** The answer to a failure that Onda understands and may tell; undefined for any other. */
export function maybeErrorAnswer(error: Error): HttpAnswer | undefined {
  const status = statusOf(error);
  if (status === undefined || (status >= 500 && status !== 503)) return undefined;
  const headers = status === 503 || status === 429 ? { ...jsonType, ...retryAfter } : jsonType;
  return { status, headers, body: errorBody(error.message) };
}

/** The answer to a defect of ours, which is told to the log whole and to the client not at all. */
export function defectAnswer(service: Service, error: Error): HttpAnswer {
  service.onDefect(error instanceof OndaError ? error.message : (error.stack ?? error.message));
  return {
    status: 500,
    headers: jsonType,
    body: errorBody('the service could not answer; what it printed says why, and it goes on'),
  };
}

/** The answer to any failure. */
export function failureAnswer(service: Service, error: Error): HttpAnswer {
  return maybeErrorAnswer(error) ?? defectAnswer(service, error);
}
