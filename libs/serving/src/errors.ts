import { OndaError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';

/**
 * The rejection of a request when a queue is full.
 *
 * @param waiting what fills the queue: `1024 requests wait`
 */
export function queueFull(waiting: string): ProtocolError {
  return new ProtocolError('unavailable', `${waiting} already, and the queue is full; try again in a moment`);
}

/** A request whose client closed its connection before the model ran. */
export function clientClosedRequest(): ProtocolError {
  return new ProtocolError(
    'canceled',
    'the client closed the request before the model ran; nothing was run, send it again',
  );
}

/** The message of a failure. An error that Onda did not expect is a defect and keeps its stack. */
export function failureText(error: unknown): string {
  if (error instanceof OndaError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
