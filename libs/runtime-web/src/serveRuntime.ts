import { releasedError } from '@onda/runtime';
import type { Runtime, RuntimeTensor, Session } from '@onda/runtime';
import { toErrorMessage } from './workerMessages.ts';
import type { Port, Reply, Request } from './workerMessages.ts';

/**
 * Answers the calls of `createWorkerRuntime` at the other end of a port; a worker calls it once with its own scope.
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

/** The memory of tensors, to be moved rather than copied. */
function buffers(tensors: Record<string, RuntimeTensor>): Transferable[] {
  const lists = Object.values(tensors).flatMap(({ data }) => (Array.isArray(data) ? [] : [data]));
  return [...new Set(lists.map(({ buffer }) => buffer as ArrayBuffer))];
}
