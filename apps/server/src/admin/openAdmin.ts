import { ConfigError } from '@onda/contract';
import type { RepositoryControl } from '@onda/serving';
import type { Tokens } from '../access/tokens.ts';
import type { ServeOptions } from '../cli/serveOptions.ts';
import type { Health } from '../health.ts';
import { closeDrained, listenError, urlOf } from '../listen.ts';
import type { Log } from '../telemetry/log.ts';
import type { Tracing } from '../telemetry/otelTracing.ts';

/** The addresses of the admin ports that are open. */
export interface AdminPorts {
  /** `http://127.0.0.1:8003`. */
  readonly adminUrl?: string | undefined;
  /** `127.0.0.1:8004`. */
  readonly adminGrpcAddress?: string | undefined;
}

export interface AdminParts {
  readonly control: RepositoryControl;
  /** The tokens of all clients; undefined: no authentication. */
  readonly tokens: Tokens | undefined;
  readonly health: Health;
  readonly log: Log;
  readonly tracing: Tracing | undefined;
}

/** Loopback only: access to these ports controls which models are served. */
const HOST = '127.0.0.1';

/**
 * Opens the admin ports: HTTP on `--admin-port`, and gRPC on the next port if the service has a gRPC port.
 *
 * @param closers receives the functions that close the ports
 * @throws ConfigError for a port that cannot be opened, and for tokens without an admin
 */
export async function openAdmin(
  { control, tokens, health, log, tracing }: AdminParts,
  { adminPort, grpcPort, grpcEngine, tokens: file }: AdminOptions,
  closers: (() => Promise<void>)[],
): Promise<AdminPorts> {
  if (adminPort === undefined) return {};
  const admins = tokens?.admins();
  if (admins?.count === 0) {
    throw new ConfigError(
      `--admin-port: expected a token with the role admin in ${file ?? ''}, found none; make one with \`npm run token -- NAME --admin >> FILE\``,
    );
  }
  const [{ createAdminApp }, { RepositoryCalls }] = await Promise.all([
    import('./adminApp.ts'),
    import('./repositoryCalls.ts'),
  ]);
  const calls = new RepositoryCalls(control);
  const app = await createAdminApp(calls, admins, { host: HOST, health, log });
  closers.unshift(() => closeDrained(app.server, () => app.close()));
  await app.listen({ host: HOST, port: adminPort }).catch((cause: unknown) => {
    throw listenError(cause, HOST, adminPort, '--admin-port');
  });
  if (grpcPort === undefined) return { adminUrl: urlOf(app.server) };
  const { startAdminGrpc } = await import('./startAdminGrpc.ts');
  const server = await startAdminGrpc(calls, admins, {
    host: HOST,
    port: adminPort === 0 ? 0 : adminPort + 1,
    engine: grpcEngine,
    health,
    log,
    tracing,
  });
  closers.unshift(() => server.close());
  return { adminUrl: urlOf(app.server), adminGrpcAddress: server.address };
}

type AdminOptions = Pick<ServeOptions, 'adminPort' | 'grpcPort' | 'grpcEngine' | 'tokens'>;
