import { Server } from 'node:http';
import type { RequestListener } from 'node:http';
import { limits, timeouts } from '../limits.ts';

/** The HTTP server of the service's port, with its limits and timeouts. */
export function createHttpServer(listener: RequestListener): Server {
  const server = new Server(
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
