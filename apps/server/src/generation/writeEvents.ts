import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ProtocolError } from '@onda/protocol';

export interface EventOptions {
  /** A stream may take no longer, milliseconds. */
  mostMs: number;
  /** After so long without an event a comment is sent, milliseconds: proxies take a silent connection for a dead one. */
  beatMs: number;
  /** The data of an event `error`, one line. */
  errorText: (error: Error) => string;
}

/**
 * Writes texts as server-sent events, one line of data each, no faster than the client reads, and ends the response. What fails after
 * the first becomes an event `error`. Asks for no more texts once the client has gone.
 *
 * @throws ProtocolError 408 when the time is up, 499 when the client has gone, what the texts throw: all of it told already
 */
export async function writeEvents(
  response: ServerResponse,
  first: IteratorResult<string, void>,
  texts: AsyncGenerator<string, void>,
  { mostMs, beatMs, errorText }: EventOptions,
): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort(tooLong(mostMs));
  }, mostMs);
  const beat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, beatMs);
  response.once('close', () => {
    over.abort(gone());
  });
  try {
    for (let text = first; !text.done; text = await texts.next()) {
      over.signal.throwIfAborted();
      beat.refresh();
      if (!response.write(`data: ${text.value}\n\n`)) await drained(response, over.signal);
      over.signal.throwIfAborted();
    }
  } catch (error) {
    // Who does not read hears nothing more; his connection would be kept for the sentence.
    if (response.writableNeedDrain) response.destroy();
    else if (!response.destroyed) response.write(`event: error\ndata: ${errorText(error as Error)}\n\n`);
    throw error;
  } finally {
    clearTimeout(timer);
    clearInterval(beat);
    await texts.return();
    response.end();
  }
}

/** Until the client has read; throws why it is waited for no longer. */
async function drained(response: ServerResponse, over: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal: over }).catch(() => {
    over.throwIfAborted();
  });
}

function tooLong(mostMs: number): ProtocolError {
  return new ProtocolError(
    'timeout',
    `the stream took ${mostMs / 1000} seconds, and no stream may take longer; go on from the state in another request`,
  );
}

function gone(): ProtocolError {
  return new ProtocolError('canceled', 'the client has gone before its stream was done; send it again');
}
