import type { AddressInfo, Server } from 'node:net';
import { ConfigError } from '@onda/contract';

const reasons: Readonly<Record<string, (option: string) => string>> = {
  EADDRINUSE: (option) => `another program uses it; choose another ${option}, or 0 for a free one`,
  EACCES: (option) => `this user may not use it; choose a ${option} from 1024`,
  EADDRNOTAVAIL: () => 'this machine has no such address; choose another --host',
  ENOTFOUND: () => 'there is no such host name; choose another --host',
};

/** @throws ConfigError for an address that cannot be had, naming the option that sets it; any other error as it is */
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

/** Where a server listens, as a URL. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
