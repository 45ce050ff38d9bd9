import { ConfigError } from '@onda/contract';
import type { RedisOptions } from 'ioredis';

/** Where a Redis is, and how to say so. */
export interface RedisPlace {
  readonly connection: Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'tls'>;
  /** Without user and password: `redis://host:6379/2`. */
  readonly shown: string;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis://[[user]:password@]host[:port][/database]`, `rediss:` over TLS. What cannot be read is not repeated: it may be a
 * password.
 *
 * The client's own reading of URLs goes on with database 0 where another was meant, and takes any of its settings behind "?".
 *
 * @throws ConfigError
 */
export function readRedisPlace(place: string): RedisPlace {
  const url = maybeUrl(place);
  const [username, password] = [maybeDecoded(url?.username), maybeDecoded(url?.password)];
  if (!url?.hostname || username === undefined || password === undefined) {
    throw new ConfigError(
      '--state: expected redis://[user:password@]host:port, got an address that cannot be read; in a password, write "/", "?", "#", "%" and "@" as %2F, %3F, %23, %25 and %40',
    );
  }
  const { protocol, hostname, port, pathname, search, hash } = url;
  const host = `${protocol}//${hostname}:${port || DEFAULT_PORT}`;
  if (search + hash !== '') {
    throw new ConfigError(
      `--state ${host}: expected nothing behind the database's number, got more; leave it out`,
    );
  }
  const database = /^(?:\/([0-9]{1,6})?)?$/.exec(pathname);
  if (database === null) {
    throw new ConfigError(
      `--state ${host}: expected the number of a database behind the "/", got ${JSON.stringify(pathname.slice(1, 40))}; correct it, or leave it out for 0`,
    );
  }
  const db = Number(database.at(1) ?? 0);
  return {
    connection: {
      // Brackets are a URL's way to write an address of IPv6.
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || DEFAULT_PORT),
      db,
      // Without a name ioredis warns on the console of a Redis that asks for no password; it is Redis's own name for who has none.
      ...(password === '' ? {} : { username: username || 'default', password }),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
    shown: db === 0 ? host : `${host}/${db}`,
  };
}

/** undefined too where an "@" stands behind the host: then what looks like the host is a piece of a password. */
function maybeUrl(place: string): URL | undefined {
  if (!URL.canParse(place)) return undefined;
  const url = new URL(place);
  return (url.pathname + url.search + url.hash).includes('@') ? undefined : url;
}

function maybeDecoded(part = ''): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
