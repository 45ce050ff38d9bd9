import { ErrorCode } from './errorCodes.ts';

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

/** The commonest way to break the rules. */
export function broken(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

/** @throws ConnectionError for a frame whose payload always has another size */
export function checkSize(payload: Uint8Array, bytes: number, what: string): void {
  if (payload.length !== bytes) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${what} of another size than ${bytes}`);
  }
}
