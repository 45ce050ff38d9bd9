import type { AddressInfo, Server } from 'node:net';
import { ConfigError } from '@onda/contract';

const reasons: Readonly<Record<string, (port: string, host: string) => string>> = {
  EADDRINUSE: (port) => `another program uses it; choose another ${port}, or 0 for a free one`,
  EACCES: (port) => `this user may not use it; choose a ${port} from 1024`,
  EADDRNOTAVAIL: (_port, host) => `this machine has no such address; choose another ${host}`,
  ENOTFOUND: (_port, host) => `there is no such host name; choose another ${host}`,
  EAI_AGAIN: (_port, host) => `the host name cannot be looked up now; give an address as ${host}`,
};

/** The metrics alone have an address of their own. */
const METRICS = '--metrics-port';

/** @throws ConfigError for an address that cannot be had, naming the option that sets it; any other error as it is */
export function listenError(cause: unknown, host: string, port: number, option: string): unknown {
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (!Object.hasOwn(reasons, code)) return cause;
  const reason = reasons[code](option, option === METRICS ? '--metrics-host' : '--host');
  return new ConfigError(`cannot listen on ${host} port ${port}: ${reason}`, { cause });
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

/** Where a server listens, as a URL. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
