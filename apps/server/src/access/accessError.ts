import { ProtocolError } from '@onda/protocol';
import type { ErrorCode } from '@onda/protocol';

/** A request that is not admitted, with the response headers for it, such as `Retry-After`. */
export class AccessError extends ProtocolError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, message);
    this.headers = headers;
  }
}
