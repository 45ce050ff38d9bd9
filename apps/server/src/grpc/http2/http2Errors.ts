import type { ErrorCode } from './errorCodes.ts';

/** The other end broke a rule that all of the connection rests on: it is told the code and the sentence, and the connection ends. */
export class ConnectionError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The other end broke a rule of one stream, which ends alone. */
export class StreamError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
