import { OndaError } from '@onda/contract';

/**
 * All error codes of requests, with their HTTP statuses.
 *
 * `data`, `memory`, `missing`, `model`, `result`, `run`, `run-timeout`, `shape` and `worker` are codes of errors of other libraries.
 */
export const httpStatus = {
  /** Not JSON, a document of another structure, or a value of another type. */
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
  /** The sequence exists already, or the step is out of order. */
  conflict: 409,
  /** The sequence has ended or expired. */
  ended: 410,
  'too-large': 413,
  'unsupported-media': 415,
  /** The model's output has NaN or an infinity, caused by the inputs, which JSON cannot represent. */
  'not-finite': 422,
  /** The runtime rejects the values or shapes of the inputs. */
  run: 400,
  /** The run needs more memory than there is. */
  memory: 413,
  /** The client exceeds its limits. */
  'too-many': 429,
  'headers-too-large': 431,
  /** The client has closed the request. */
  canceled: 499,
  model: 500,
  missing: 500,
  result: 500,
  worker: 503,
  unavailable: 503,
  /** The run exceeded its time limit and was ended. */
  'run-timeout': 504,
} as const;

export type ErrorCode = keyof typeof httpStatus;

/** A request that the protocol does not allow, or that cannot be served now. */
export class ProtocolError extends OndaError {
  readonly status: number;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
    this.status = httpStatus[code];
  }
}

/** The HTTP status of a known error; undefined for any other, which is a defect. */
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
