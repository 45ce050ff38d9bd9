import { promisify } from 'node:util';
import type { RepositoryControl } from '@onda/serving';
import { readTokens } from '../access/tokens.ts';
import { closeDrained } from '../http/closeDrained.ts';
import { listenError, listenOn, urlOf } from '../listen.ts';
import type { Service } from '../service.ts';

export interface AdminOptions {
  /** Port of the repository's control, on this machine alone; undefined: none. */
  adminPort: number | undefined;
  /** The same over gRPC. */
  adminGrpcPort: number | undefined;
  /** File of who may ask there; undefined: whoever reaches the ports. */
  adminTokens: string | undefined;
}

/** Where the admin's ports are, of those that were asked for. */
export interface AdminPorts {
  /** `http://127.0.0.1:8003`. */
  readonly adminUrl?: string | undefined;
  /** `127.0.0.1:8004`. */
  readonly adminGrpcAddress?: string | undefined;
}

/** Whoever reaches them decides what the service answers with. */
const HOST = '127.0.0.1';

/**
 * Opens the admin's ports.
 *
 * @param endings get what closes them
 * @throws ConfigError for a port that cannot be had, and for tokens that cannot be read
 */
export async function openAdmin(
  service: Service,
  control: RepositoryControl,
  { adminPort, adminGrpcPort, adminTokens }: AdminOptions,
  endings: (() => Promise<void>)[],
): Promise<AdminPorts> {
  if (adminPort === undefined && adminGrpcPort === undefined) return {};
  const tokens = adminTokens === undefined ? undefined : await readTokens(adminTokens, '--admin-tokens');
  const { RepositoryCalls } = await import('./repositoryCalls.ts');
  const calls = new RepositoryCalls(control);
  const ports: { -readonly [Port in keyof AdminPorts]: AdminPorts[Port] } = {};
  if (adminPort !== undefined) {
    const { createAdminServer } = await import('./adminServer.ts');
    const server = createAdminServer(service, calls, tokens);
    await listenOn(server, HOST, adminPort).catch((cause: unknown) => {
      throw listenError(cause, HOST, adminPort, '--admin-port');
    });
    endings.unshift(() => closeDrained(server, promisify(server.close.bind(server))));
    ports.adminUrl = urlOf(server);
  }
  if (adminGrpcPort !== undefined) {
    const { startAdminGrpc } = await import('./startAdminGrpc.ts');
    const server = await startAdminGrpc(service, calls, tokens, HOST, adminGrpcPort);
    endings.unshift(() => server.close());
    ports.adminGrpcAddress = server.address;
  }
  return ports;
}
