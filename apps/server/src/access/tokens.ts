import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '@onda/contract';
import { AccessError } from './accessError.ts';

/** No slash, and no character that is special in logs or keys. */
const clientName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const tokenLine = /^(\S+)\s+([0-9a-f]{64})(?:\s+(admin))?$/;
const bearer = /^Bearer ([A-Za-z0-9._~+/-]{16,512}=*)$/i;

interface Entry {
  readonly client: string;
  readonly hash: Buffer;
  /** May load and unload models. */
  readonly admin: boolean;
}

/** The clients of a tokens file: names, and the SHA-256 of each token. The tokens themselves are not stored. */
export class Tokens {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** How many clients have a token. */
  get count(): number {
    return this.#entries.length;
  }

  /** The tokens with the role `admin`. */
  admins(): Tokens {
    return new Tokens(this.#entries.filter(({ admin }) => admin));
  }

  /**
   * @param authorization the header, or the gRPC metadata of that name
   * @returns the client's name
   * @throws AccessError 401
   */
  clientOf(authorization: string | undefined): string {
    const token = bearer.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw unauthorized('expected "Authorization: Bearer TOKEN", got none; send the token');
    }
    const hash = sha256(token);
    // All entries are compared in full, so that the duration reveals nothing (constant time).
    let client: string | undefined;
    for (const entry of this.#entries) if (timingSafeEqual(entry.hash, hash)) client = entry.client;
    if (client === undefined) {
      throw unauthorized(
        'expected a known token, got an unknown one; ask the operator of the service for a token',
      );
    }
    return client;
  }
}

/**
 * Reads a tokens file: one line per client with its name, the token's SHA-256 in hexadecimal, and `admin` for that role. `#` starts a comment.
 *
 * @throws ConfigError for a file that cannot be read, an invalid line, or a repeated name
 */
export async function readTokens(file: string): Promise<Tokens> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `--tokens ${file}: the file cannot be read (${code ?? message}); make it with \`npm run token -- NAME >> FILE\``,
      { cause },
    );
  });
  const entries: Entry[] = [];
  content.split('\n').forEach((text, index) => {
    const [given] = text.split('#');
    if (given.trim() === '') return;
    const [, client = '', hash = '', role] = tokenLine.exec(given.trim()) ?? [];
    // The line is not quoted: it may be a token, put there by mistake.
    if (!clientName.test(client)) {
      throw new ConfigError(
        `--tokens ${file}: line ${index + 1}: expected a name (letters, digits, ".", "_", "-") and a SHA-256 in hexadecimal; make it with \`npm run token -- NAME\``,
      );
    }
    if (entries.some((entry) => entry.client === client)) {
      throw new ConfigError(
        `--tokens ${file}: line ${index + 1}: ${client} has a token already; give each client its own name`,
      );
    }
    entries.push({ client, hash: Buffer.from(hash, 'hex'), admin: role === 'admin' });
  });
  if (entries.length === 0) {
    throw new ConfigError(
      `--tokens ${file}: expected at least one token, got none; make one with \`npm run token -- NAME >> FILE\``,
    );
  }
  return new Tokens(entries);
}

/**
 * @returns a new token, and its line of a tokens file
 * @throws ConfigError for a name that `readTokens` would reject
 */
export function newToken(client: string, admin = false): { token: string; line: string } {
  if (!clientName.test(client)) {
    throw new ConfigError(
      `${JSON.stringify(client)}: expected a name of letters, digits, ".", "_" and "-", at most 64; choose another`,
    );
  }
  const token = randomBytes(32).toString('base64url');
  return { token, line: `${client} ${sha256(token).toString('hex')}${admin ? ' admin' : ''}` };
}

/** Random tokens of 256 bits need no slow hash, since they cannot be guessed. */
function sha256(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function unauthorized(text: string): AccessError {
  return new AccessError('unauthorized', text, { 'www-authenticate': 'Bearer realm="onda"' });
}
