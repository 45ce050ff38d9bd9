import { ProtocolError } from '@onda/protocol';
import type { ErrorCode } from '@onda/protocol';

/** A request that is not admitted, with response headers that say what the client should do. */
export class AccessError extends ProtocolError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, message);
    this.headers = headers;
  }
}
