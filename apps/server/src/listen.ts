import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { ConfigError } from '@onda/contract';
import { timeouts } from './limits.ts';

const reasons: Readonly<Record<string, (option: string) => string>> = {
  EADDRINUSE: (option) => `another program uses it; choose another ${option}, or 0 for a free port`,
  EACCES: (option) => `this user may not use it; choose a ${option} from 1024`,
  EADDRNOTAVAIL: () => 'this machine does not have the address; choose another --host',
  ENOTFOUND: () => 'the host name is unknown; choose another --host',
  EAI_AGAIN: () => 'the host name cannot be looked up now; use an address as --host',
};

/**
 * The error of a port that cannot be opened.
 *
 * @param option that sets the port
 * @returns ConfigError for a known cause; any other error unchanged
 */
export function listenError(cause: unknown, host: string, port: number, option: string): unknown {
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (!Object.hasOwn(reasons, code)) return cause;
  return new ConfigError(`cannot listen on ${host} port ${port}: ${reasons[code](option)}`, { cause });
}

/** Opens a server's port. */
export function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** The URL of a listening server. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  const scheme = server instanceof TlsServer ? 'https' : 'http';
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/**
 * Closes an HTTP server after its open requests. A connection kept alive after its last response is closed too.
 *
 * @param close stops listening; resolves when the last connection has ended
 */
export async function closeDrained(server: HttpServer, close: () => Promise<unknown>): Promise<void> {
  const idle = setInterval(() => {
    // After the sockets of this turn were read: a connection that seems idle may have received a request.
    setImmediate(() => {
      server.closeIdleConnections();
    });
  }, timeouts.drainStepMs);
  await close();
  clearInterval(idle);
}
