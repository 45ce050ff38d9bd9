import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '@onda/contract';
import { AccessError } from './accessError.ts';

/** No slash and nothing that a log or a key could take for more than a name. */
const clientName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const line = /^(\S+)\s+([0-9a-f]{64})$/;
const bearer = /^Bearer ([A-Za-z0-9._~+/-]{16,512}=*)$/i;

interface Entry {
  readonly client: string;
  readonly hash: Buffer;
}

/** Who may ask: names, and the SHA-256 of each one's token. The tokens themselves are nowhere. */
export class Tokens {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /**
   * @param authorization the header, or gRPC's metadata of that name
   * @returns the client's name
   * @throws AccessError 401
   */
  clientOf(authorization: string | undefined): string {
    const token = bearer.exec(authorization ?? '')?.[1];
    if (token === undefined)
      throw refused('expected "Authorization: Bearer TOKEN", got none; send the token');
    const hash = sha256(token);
    // Every entry is compared whole, so that the time tells nothing.
    let client: string | undefined;
    for (const entry of this.#entries) if (timingSafeEqual(entry.hash, hash)) client = entry.client;
    if (client === undefined) throw refused('the token is not known; ask who runs the service for one');
    return client;
  }
}

/**
 * Reads a file of tokens: a line for each, its client's name and the token's SHA-256 in hexadecimal; `#` starts a comment.
 *
 * @param option that named the file
 * @throws ConfigError for a file that cannot be read, a line of another form, a name that comes twice
 */
export async function readTokens(file: string, option: string): Promise<Tokens> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `${option} ${file}: the file cannot be read (${code ?? message}); make it with \`npm run token -- NAME >> FILE\``,
      { cause },
    );
  });
  const entries: Entry[] = [];
  content.split('\n').forEach((text, index) => {
    const [given] = text.split('#');
    if (given.trim() === '') return;
    const [, client = '', hash = ''] = line.exec(given.trim()) ?? [];
    // The line itself is not repeated: it may be a token that was put there by mistake.
    if (!clientName.test(client)) {
      throw new ConfigError(
        `${option} ${file}: line ${index + 1}: expected a name (letters, digits, ".", "_", "-") and a SHA-256 in hexadecimal; make it with \`npm run token -- NAME\``,
      );
    }
    if (entries.some((entry) => entry.client === client)) {
      throw new ConfigError(
        `${option} ${file}: line ${index + 1}: ${client} has a token already; give each its own name`,
      );
    }
    entries.push({ client, hash: Buffer.from(hash, 'hex') });
  });
  if (entries.length === 0) {
    throw new ConfigError(
      `${option} ${file}: expected at least one token, got none; make one with \`npm run token -- NAME >> FILE\``,
    );
  }
  return new Tokens(entries);
}

/**
 * @returns a new token, and the line of a tokens' file that stands for it
 * @throws ConfigError for a name that would not be read again
 */
export function newToken(client: string): { token: string; line: string } {
  if (!clientName.test(client)) {
    throw new ConfigError(
      `${JSON.stringify(client)}: expected a name of letters, digits, ".", "_" and "-", at most 64; choose another`,
    );
  }
  const token = randomBytes(32).toString('base64url');
  return { token, line: `${client} ${sha256(token).toString('hex')}` };
}

/** Random tokens of 256 bits need no slow hash: there is nothing to guess. */
function sha256(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function refused(text: string): AccessError {
  return new AccessError('unauthorized', text, { 'www-authenticate': 'Bearer realm="onda"' });
}
