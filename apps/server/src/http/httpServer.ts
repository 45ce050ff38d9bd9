import { Server } from 'node:http';
import type { RequestListener, ServerOptions } from 'node:http';
import { limits, timeouts } from '../limits.ts';
import type { Service } from '../service.ts';
import { QuickServer } from './quick/quickServer.ts';

const options: ServerOptions = {
  headersTimeout: timeouts.headersMs,
  requestTimeout: timeouts.requestMs,
  keepAliveTimeout: timeouts.keepAliveMs,
};

/**
 * The server of the service's port, held to its limits.
 *
 * @param router what answers, with all that stands before it
 */
export function createHttpServer(service: Service, router: RequestListener): Server {
  // Who wants to read of each request gets it from what stands before the router.
  const isRead = service.log.isLevelEnabled('debug') || service.tracing !== undefined;
  const server = isRead ? new Server(options, router) : new QuickServer(options, service, router);
  server.setTimeout(timeouts.idleSocketMs);
  server.maxConnections = limits.connections;
  return server;
}
