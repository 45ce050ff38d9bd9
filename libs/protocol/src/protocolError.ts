import { OndaError } from '@onda/contract';

/**
 * Every way a request can fail, with the HTTP status that says so: the one table of the service.
 *
 * `data`, `model`, `missing`, `result`, `shape` and `worker` are the codes of errors that come from below the protocol.
 */
export const httpStatus = {
  /** Not JSON, not the protocol's shape, a value of another kind. */
  malformed: 400,
  data: 400,
  shape: 400,
  /** The token is missing or unknown. */
  unauthorized: 401,
  /** The request comes from a page of a foreign origin, which a browser sends without the user's knowledge. */
  forbidden: 403,
  'not-found': 404,
  method: 405,
  timeout: 408,
  /** A sequence that lives already is started, or a step comes out of turn. */
  conflict: 409,
  /** The sequence has ended or expired. */
  ended: 410,
  'too-large': 413,
  'unsupported-media': 415,
  /** The model's answer holds NaN or an infinity, which JSON cannot carry: the inputs led it there. */
  'not-finite': 422,
  /** One client asks for more than its share. */
  'too-many': 429,
  'headers-too-large': 431,
  /** The client has closed the request; the response has no reader. */
  canceled: 499,
  model: 500,
  missing: 500,
  result: 500,
  worker: 503,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof httpStatus;

/** A request that the protocol does not allow, or that cannot be answered now. */
export class ProtocolError extends OndaError {
  readonly status: number;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
    this.status = httpStatus[code];
  }
}

/** The HTTP status of an error that Onda understands; undefined for anything else, which is a defect. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof OndaError && Object.hasOwn(httpStatus, error.code)) {
    return httpStatus[error.code as ErrorCode];
  }
  return undefined;
}

/** The protocol's error body: `{"error": sentence}`. */
export function errorBody(message: string): string {
  return JSON.stringify({ error: message });
}
