import type { RequestListener } from 'node:http';
import { clientOf } from '../access/guard.ts';
import { maybeTraceParent } from '../tracing/traceparent.ts';
import type { Log } from './createLog.ts';

/** Characters of a path that are kept. */
const MOST_OF_PATH = 200;

/** Tells each request at the level `debug` when its answer is out; at any other level nothing stands between. */
export function logRequests(log: Log, listener: RequestListener): RequestListener {
  if (!log.isLevelEnabled('debug')) return listener;
  return (request, response) => {
    const since = performance.now();
    response.once('close', () => {
      const [path] = (request.url ?? '').split('?');
      log.debug(
        {
          method: request.method,
          path: path.slice(0, MOST_OF_PATH),
          status: response.writableFinished ? response.statusCode : 499,
          ms: Math.round((performance.now() - since) * 1000) / 1000,
          client: clientOf(request),
          trace_id: maybeTraceParent(request.headers.traceparent?.toString())?.traceId,
        },
        'http request',
      );
    });
    listener(request, response);
  };
}
