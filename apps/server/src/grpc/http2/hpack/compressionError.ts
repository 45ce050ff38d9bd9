import { ErrorCode } from '../errorCodes.ts';
import { ConnectionError } from '../http2Errors.ts';

/** A header block that cannot be read: both ends would have other tables from then on, so the connection ends. */
export class CompressionError extends ConnectionError {
  constructor(message: string) {
    super(ErrorCode.COMPRESSION_ERROR, message);
  }
}
