import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { limits, timeouts } from '../limits.ts';

/** Node's own server, held to the service's limits. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
    },
    listener,
  );
  server.setTimeout(timeouts.idleSocketMs);
  server.maxConnections = limits.connections;
  return server;
}
