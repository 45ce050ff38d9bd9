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
  const error: unknown = await readTokens(await tokensFile(content), '--tokens').catch(
    (thrown: unknown) => thrown,
  );
  return (error as Error).message.replace(folder, '');
}

describe(readTokens, () => {
  it('knows each client by its token', async () => {
    const [anna, ben] = ['anna', 'ben'].map(newToken);
    const tokens = await readTokens(
      await tokensFile(`# clients\n${anna.line}\n\n  ${ben.line}  # a comment\n`),
      '--tokens',
    );
    expect(tokens.clientOf(`Bearer ${anna.token}`)).toBe('anna');
    expect(tokens.clientOf(`bearer ${ben.token}`)).toBe('ben');
  });

  it('refuses who has none, and who has another, with the header that says what is asked', async () => {
    const tokens = await readTokens(await tokensFile(newToken('anna').line), '--tokens');
    const refusal = (authorization?: string): AccessError => {
      try {
        return tokens.clientOf(authorization) as never;
      } catch (error) {
        return error as AccessError;
      }
    };
    const none = 'expected "Authorization: Bearer TOKEN", got none; send the token';
    const unknown = 'the token is not known; ask who runs the service for one';
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
      '--tokens /tokens: line 2: a has a token already; give each its own name',
    ],
    [
      '# none',
      '--tokens /tokens: expected at least one token, got none; make one with `npm run token -- NAME >> FILE`',
    ],
  ])('refuses the file %j', async (content, message) => {
    expect(await messageOf(content)).toBe(message);
  });

  it('refuses a file that is not there', async () => {
    await expect(readTokens('/none', '--tokens')).rejects.toThrow(
      '--tokens /none: the file cannot be read (ENOENT); make it with `npm run token -- NAME >> FILE`',
    );
  });
});

describe(newToken, () => {
  it('refuses a name that a sequence could be mistaken for', () => {
    expect(() => newToken('a/b')).toThrow(
      '"a/b": expected a name of letters, digits, ".", "_" and "-", at most 64; choose another',
    );
  });
});
