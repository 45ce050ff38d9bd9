import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { writeEvents } from './serverSentEvents.ts';
import type { EventOptions } from './serverSentEvents.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const long: EventOptions = { maxMs: 60_000, heartbeatMs: 60_000, errorText: ({ message }) => message };

interface Asked {
  answer: IncomingMessage;
  /** How the writing ended. */
  ended: Promise<string>;
}

/** Asks a server that writes these texts. */
async function ask(texts: AsyncGenerator<string, void>, options: Partial<EventOptions> = {}): Promise<Asked> {
  const ended = new Promise<string>((resolve) => {
    const write = async (response: ServerResponse): Promise<void> => {
      const writing = writeEvents(response, await texts.next(), texts, { ...long, ...options });
      resolve(
        await writing.then(
          () => 'done',
          (error: unknown) => (error as Error).message,
        ),
      );
    };
    server = createServer((_request, response) => void write(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { answer, ended };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of answer as AsyncIterable<Buffer>) text += part.toString();
  return text;
}

async function* texts(list: readonly string[], waitMs = 0): AsyncGenerator<string, void> {
  for (const text of list) {
    yield text;
    await delay(waitMs);
  }
}

describe(writeEvents, () => {
  it('writes an event for each text', async () => {
    const { answer, ended } = await ask(texts(['1', '2']));
    expect(await textOf(answer)).toBe('data: 1\n\ndata: 2\n\n');
    expect(await ended).toBe('done');
  });

  it('sends comments while there is nothing to say', async () => {
    const { answer } = await ask(texts(['1', '2'], 300), { heartbeatMs: 50 });
    expect(await textOf(answer)).toMatch(/^data: 1\n\n(:\n\n)+data: 2\n\n(:\n\n)+$/);
  });

  it('reports a failure, and a timeout', async () => {
    const failing = async function* (): AsyncGenerator<string, void> {
      yield* texts(['1']);
      throw new Error('broken');
    };
    const failed = await ask(failing());
    expect(await textOf(failed.answer)).toBe('data: 1\n\nevent: error\ndata: broken\n\n');
    expect(await failed.ended).toBe('broken');
    server.close();

    const slow = await ask(texts(['1', '2', '3'], 100), { maxMs: 50 });
    const message =
      'the stream: expected at most 0.05 s, got more; continue from the state in another request';
    expect(await textOf(slow.answer)).toBe(`data: 1\n\nevent: error\ndata: ${message}\n\n`);
    expect(await slow.ended).toBe(message);
  });

  it('stops generating once the client has disconnected, and disconnects a client that never reads', async () => {
    let made = 0;
    const endless = async function* (): AsyncGenerator<string, void> {
      for (; ; made++) {
        yield 'x'.repeat(10_000);
        await delay(1);
      }
    };
    const left = await ask(endless());
    left.answer.destroy();
    expect(await left.ended).toBe('the client closed the connection before the stream ended; send it again');
    const before = made;
    await delay(50);
    expect(made).toBe(before);
    server.close();

    const unread = await ask(endless(), { maxMs: 300 });
    expect(await unread.ended).toContain('the stream: expected at most 0.3 s');
    unread.answer.on('error', () => undefined);
    unread.answer.resume();
    await once(unread.answer, 'close');
  });
});
