import { ConfigError } from './errors.ts';

/** What ioredis needs to connect. */
interface RedisConnection {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: object;
}

/** The address of a Redis. */
export interface RedisAddress {
  /** Nodes of a cluster; a single one otherwise. */
  readonly seeds: readonly { readonly host: string; readonly port: number }[];
  /** The first node. */
  readonly connection: RedisConnection;
  /** The address without user and password: `redis://host:6379/2`. */
  readonly shown: string;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis://[[user]:password@]host[:port][,host[:port]...][/database]`, or `rediss:` for TLS. An unreadable part is not quoted: it
 * may be a password.
 *
 * ioredis's own URL parser falls back to database 0, and accepts any of its settings in the query.
 *
 * @param where the option or setting, for errors
 * @throws ConfigError
 */
export function readRedisAddress(text: string, where: string): RedisAddress {
  const [, before, hosts, after] = /^(rediss?:\/\/(?:[^@]*@)?)([^/?#]*)(.*)$/s.exec(text) ?? [
    '',
    text,
    '',
    '',
  ];
  const nodes = hosts.split(',').map((host) => readNode(before + host + after, where));
  const [{ connection, protocol }] = nodes;
  const { db } = connection;
  return {
    seeds: nodes.map(({ connection: { host, port } }) => ({ host, port })),
    connection,
    shown: `${protocol}//${nodes.map(({ host }) => host).join(',')}${db === 0 ? '' : `/${db}`}`,
  };
}

interface NodeAddress {
  readonly connection: RedisConnection;
  readonly protocol: string;
  /** `cache:6379`. */
  readonly host: string;
}

/** @throws ConfigError */
function readNode(text: string, where: string): NodeAddress {
  const url = maybeUrl(text);
  const [username, password] = [maybeDecoded(url?.username), maybeDecoded(url?.password)];
  if (!url?.hostname || username === undefined || password === undefined) {
    throw new ConfigError(
      `${where}: expected redis://[user:password@]host:port, got an address that cannot be read; in a password, write "/", "?", "#", "%" and "@" as %2F, %3F, %23, %25 and %40`,
    );
  }
  const { protocol, hostname, port, pathname, search, hash } = url;
  const host = `${hostname}:${port || DEFAULT_PORT}`;
  if (search + hash !== '') {
    throw new ConfigError(
      `${where} ${protocol}//${host}: expected nothing after the database number, got more; leave it out`,
    );
  }
  const database = /^(?:\/([0-9]{1,6})?)?$/.exec(pathname);
  if (database === null) {
    throw new ConfigError(
      `${where} ${protocol}//${host}: expected a database number after the "/", got ${JSON.stringify(pathname.slice(1, 40))}; correct it, or leave it out for 0`,
    );
  }
  const db = Number(database.at(1) ?? 0);
  return {
    connection: {
      // A URL has an IPv6 address in brackets.
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || DEFAULT_PORT),
      db,
      // Without a name ioredis prints a warning for a Redis without password; `default` is Redis's own name.
      ...(password === '' ? {} : { username: username || 'default', password }),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
    protocol,
    host,
  };
}

/** Also undefined if an "@" follows the host: the apparent host is then part of a password. */
function maybeUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return (url.pathname + url.search + url.hash).includes('@') ? undefined : url;
}

function maybeDecoded(part = ''): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
