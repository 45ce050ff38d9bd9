import { MissingError } from '@onda/contract';
import type { Runtime, Session } from '@onda/runtime';
import { fromErrorMessage } from './workerMessages.ts';
import type { Port, RemoteSession, Reply, Request } from './workerMessages.ts';

/** A request before it has its number; distributes over the kinds of request. */
type Call<R = Request> = R extends unknown ? Omit<R, 'call'> : never;
type Settle = { resolve: (reply: Reply) => void; reject: (error: Error) => void };

/**
 * A runtime whose sessions live in a worker, so that a page never waits for a run.
 *
 * @param worker runs `serveRuntime`: the worker of `@onda/runtime-web/worker`, or a MessagePort to one
 */
export function createWorkerRuntime(worker: Port): Runtime {
  const waiting = new Map<number, Settle>();
  let calls = 0;
  let broken: Error | null = null;
  let name = 'onnxruntime-web';

  const send = (request: Call): Promise<Reply> =>
    new Promise((resolve, reject) => {
      if (broken) {
        reject(broken);
        return;
      }
      const call = calls++;
      waiting.set(call, { resolve, reject });
      worker.postMessage({ ...request, call }, { transfer: [] });
    });

  const fail = (what: string): void => {
    broken = new MissingError(
      `worker: expected the inference worker to load and answer, got ${what}; reload the page, and look whether the server has the worker's files`,
    );
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  };

  worker.addEventListener('message', (event: MessageEvent<Reply>) => {
    const reply = event.data;
    const settle = waiting.get(reply.call);
    waiting.delete(reply.call);
    if (reply.kind === 'failed') settle?.reject(fromErrorMessage(reply.error));
    else settle?.resolve(reply);
  });
  worker.addEventListener('error', (event) => {
    const text = 'message' in event && typeof event.message === 'string' ? event.message : '';
    fail(text === '' ? 'an error while it started' : `"${text}"`);
  });
  worker.addEventListener('messageerror', () => {
    fail('a message that cannot be read');
  });

  return {
    get name() {
      return name;
    },
    async createSession(model) {
      const reply = await send({ kind: 'create', model });
      if (reply.kind !== 'created') throw unexpected(reply);
      name = `${reply.created.runtime}, in a worker`;
      return remoteSession(reply.created, send);
    },
  };
}

function remoteSession(remote: RemoteSession, send: (request: Call) => Promise<Reply>): Session {
  const { session, provider, inputs, outputs } = remote;
  return {
    provider,
    inputs,
    outputs,
    async run(feeds, fetches) {
      const reply = await send({ kind: 'run', session, feeds, fetches });
      if (reply.kind !== 'ran') throw unexpected(reply);
      return reply.results;
    },
    async release() {
      await send({ kind: 'release', session });
    },
  };
}

function unexpected(reply: Reply): Error {
  return new Error(`worker: the reply "${reply.kind}" does not fit the call`);
}
