import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ProtocolError } from '@onda/protocol';

export interface EventOptions {
  /** Longest duration of a stream, milliseconds. */
  maxMs: number;
  /** A comment is sent after this time without an event, milliseconds: proxies close idle connections. */
  heartbeatMs: number;
  /** The data of an event `error`, one line. */
  errorText: (error: Error) => string;
}

/**
 * Writes texts as server-sent events, one line of data each, and ends the response. Waits for the client to read (back-pressure); stops
 * when it closes the connection. A failure after the first text becomes an event `error`.
 *
 * @throws ProtocolError 408 when the time is up, 499 when the client disconnected, and what the texts throw; the error event was sent already
 */
export async function writeEvents(
  response: ServerResponse,
  first: IteratorResult<string, void>,
  texts: AsyncGenerator<string, void>,
  { maxMs, heartbeatMs, errorText }: EventOptions,
): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort(
      new ProtocolError(
        'timeout',
        `the stream: expected at most ${maxMs / 1000} s, got more; continue from the state in another request`,
      ),
    );
  }, maxMs);
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, heartbeatMs);
  response.once('close', () => {
    abort.abort(
      new ProtocolError(
        'canceled',
        'the client closed the connection before the stream ended; send it again',
      ),
    );
  });
  try {
    for (let text = first; !text.done; text = await texts.next()) {
      abort.signal.throwIfAborted();
      heartbeat.refresh();
      if (!response.write(`data: ${text.value}\n\n`)) await drained(response, abort.signal);
      abort.signal.throwIfAborted();
    }
  } catch (error) {
    // A client that does not read would keep the connection open until it takes the event.
    if (response.writableNeedDrain) response.destroy();
    else if (!response.destroyed) response.write(`event: error\ndata: ${errorText(error as Error)}\n\n`);
    throw error;
  } finally {
    clearTimeout(timer);
    clearInterval(heartbeat);
    await texts.return();
    response.end();
  }
}

/** Resolves when the client has read; rejects with the reason of an abort. */
async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal }).catch(() => {
    signal.throwIfAborted();
  });
}
