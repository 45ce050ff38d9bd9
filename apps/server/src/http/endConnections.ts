import type { RequestListener } from 'node:http';
import type { Service } from '../service.ts';

/**
 * While the service stops, each answer says that its connection ends with it: the client then opens another, to a process that
 * stays. To close a connection that seems idle would lose a request that is on its way.
 */
export function endConnections(
  service: Pick<Service, 'draining'>,
  listener: RequestListener,
): RequestListener {
  return (request, response) => {
    if (service.draining) response.shouldKeepAlive = false;
    listener(request, response);
  };
}
