import { ProtocolError } from '@onda/protocol';

/** A request whose client has gone before its turn came. */
export function clientGone(): ProtocolError {
  return new ProtocolError(
    'canceled',
    'the client has gone before the model ran; nothing was run, send it again',
  );
}
