import type { ErrorMessage } from '@onda/contract';
import { fromErrorMessage, MissingError, toErrorMessage } from '@onda/contract';
import type { Runtime, RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import { releasedError } from '@onda/runtime';

/** A request without its id; distributes over the kinds of request. */
type Call<R = Request> = R extends unknown ? Omit<R, 'call'> : never;
type Settle = { resolve: (reply: Reply) => void; reject: (error: Error) => void };

/**
 * A runtime whose sessions are in a worker, so that runs do not block the page.
 *
 * @param worker a worker that runs `serveRuntime`, such as `@onda/runtime-web/worker`, or a MessagePort to one
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
      `worker: expected the inference worker to load and answer, got ${what}; reload the page, and check that the server serves the worker's files`,
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
    fail(text === '' ? 'an error during its start' : `"${text}"`);
  });
  worker.addEventListener('messageerror', () => {
    fail('an unreadable message');
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
  return new Error(`worker: unexpected reply "${reply.kind}"`);
}

/**
 * Serves a runtime to `createWorkerRuntime` at the other end of a port; a worker calls it once with its own scope.
 *
 * @example
 *   serveRuntime(createWebRuntime(), self); // the whole of a worker
 */
export function serveRuntime(runtime: Runtime, port: Port): void {
  const sessions = new Map<number, Session>();
  let created = 0;

  const find = (id: number): Session => {
    const session = sessions.get(id);
    if (session) return session;
    throw releasedError();
  };

  const answer = async (request: Request): Promise<Reply> => {
    const { call } = request;
    switch (request.kind) {
      case 'create': {
        const session = await runtime.createSession(request.model);
        const id = created++;
        sessions.set(id, session);
        const { provider, inputs, outputs } = session;
        return {
          call,
          kind: 'created',
          created: { session: id, runtime: runtime.name, provider, inputs, outputs },
        };
      }
      case 'run':
        return {
          call,
          kind: 'ran',
          results: await find(request.session).run(request.feeds, request.fetches),
        };
      case 'release': {
        const session = sessions.get(request.session);
        sessions.delete(request.session);
        await session?.release();
        return { call, kind: 'released' };
      }
    }
  };

  port.addEventListener('message', (event: MessageEvent<Request>) => {
    const request = event.data;
    void answer(request).then(
      (reply) => {
        port.postMessage(reply, { transfer: reply.kind === 'ran' ? buffers(reply.results) : [] });
      },
      (error: unknown) => {
        const reply: Reply = { call: request.call, kind: 'failed', error: toErrorMessage(error) };
        port.postMessage(reply, { transfer: [] });
      },
    );
  });
}

/** The buffers of tensors, to be transferred instead of copied. */
function buffers(tensors: Record<string, RuntimeTensor>): Transferable[] {
  const lists = Object.values(tensors).flatMap(({ data }) => (Array.isArray(data) ? [] : [data]));
  return [...new Set(lists.map(({ buffer }) => buffer as ArrayBuffer))];
}

/** The common interface of Worker, DedicatedWorkerGlobalScope and MessagePort. */
export interface Port {
  postMessage(message: unknown, options: { transfer: Transferable[] }): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
}

/** A request of the page; the reply has the same `call`. */
type Request =
  | { call: number; kind: 'create'; model: Uint8Array }
  | {
      call: number;
      kind: 'run';
      session: number;
      feeds: Record<string, RuntimeTensor>;
      fetches: readonly string[] | undefined;
    }
  | { call: number; kind: 'release'; session: number };

/** Description of a session in the worker. */
interface RemoteSession {
  session: number;
  runtime: string;
  provider: string;
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
}

/** A reply of the worker. */
type Reply =
  | { call: number; kind: 'created'; created: RemoteSession }
  | { call: number; kind: 'ran'; results: Record<string, RuntimeTensor> }
  | { call: number; kind: 'released' }
  | { call: number; kind: 'failed'; error: ErrorMessage };
