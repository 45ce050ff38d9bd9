import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessError } from './accessError.ts';
import { newToken, readTokens } from './tokens.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-tokens-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function tokensFile(content: string): Promise<string> {
  const file = join(folder, 'tokens');
  await writeFile(file, content);
  return file;
}

async function messageOf(content: string): Promise<string> {
  const error: unknown = await readTokens(await tokensFile(content)).catch((thrown: unknown) => thrown);
  return (error as Error).message.replace(folder, '');
}

describe(readTokens, () => {
  it('identifies each client by its token', async () => {
    const [anna, ben] = ['anna', 'ben'].map((name) => newToken(name));
    const tokens = await readTokens(
      await tokensFile(`# clients\n${anna.line}\n\n  ${ben.line}  # a comment\n`),
    );
    expect(tokens.clientOf(`Bearer ${anna.token}`)).toBe('anna');
    expect(tokens.clientOf(`bearer ${ben.token}`)).toBe('ben');
  });

  it('knows which of them may load models', async () => {
    const [ops, ben] = [newToken('ops', true), newToken('ben')];
    const tokens = await readTokens(await tokensFile(`${ops.line}\n${ben.line}\n`));
    expect(ops.line).toMatch(/ admin$/);
    expect([tokens.count, tokens.admins().count]).toEqual([2, 1]);
    expect(tokens.admins().clientOf(`Bearer ${ops.token}`)).toBe('ops');
    expect(() => tokens.admins().clientOf(`Bearer ${ben.token}`)).toThrow('expected a known token');
  });

  it('rejects a request without a token or with an unknown one, with WWW-Authenticate', async () => {
    const tokens = await readTokens(await tokensFile(newToken('anna').line));
    const refusal = (authorization?: string): AccessError => {
      try {
        return tokens.clientOf(authorization) as never;
      } catch (error) {
        return error as AccessError;
      }
    };
    const none = 'expected "Authorization: Bearer TOKEN", got none; send the token';
    const unknown = 'expected a known token, got an unknown one; ask the operator of the service for a token';
    expect(refusal()).toMatchObject({
      status: 401,
      message: none,
      headers: { 'www-authenticate': 'Bearer realm="onda"' },
    });
    expect(refusal('Basic YTpi').message).toBe(none);
    expect(refusal('Bearer short').message).toBe(none);
    expect(refusal(`Bearer ${newToken('anna').token}`)).toMatchObject({ status: 401, message: unknown });
  });

  it.each([
    [
      'anna secret',
      '--tokens /tokens: line 1: expected a name (letters, digits, ".", "_", "-") and a SHA-256 in hexadecimal; make it with `npm run token -- NAME`',
    ],
    [
      `a/b ${'0'.repeat(64)}`,
      '--tokens /tokens: line 1: expected a name (letters, digits, ".", "_", "-") and a SHA-256 in hexadecimal; make it with `npm run token -- NAME`',
    ],
    [
      `a ${'0'.repeat(64)}\na ${'1'.repeat(64)}`,
      '--tokens /tokens: line 2: a has a token already; give each client its own name',
    ],
    [
      '# none',
      '--tokens /tokens: expected at least one token, got none; make one with `npm run token -- NAME >> FILE`',
    ],
  ])('rejects the file %j', async (content, message) => {
    expect(await messageOf(content)).toBe(message);
  });

  it('rejects a file that does not exist', async () => {
    await expect(readTokens('/none')).rejects.toThrow(
      '--tokens /none: the file cannot be read (ENOENT); make it with `npm run token -- NAME >> FILE`',
    );
  });
});

describe(newToken, () => {
  it('rejects a name with a slash, which separates it from a sequence id', () => {
    expect(() => newToken('a/b')).toThrow(
      '"a/b": expected a name of letters, digits, ".", "_" and "-", at most 64; choose another',
    );
  });
});
