import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OptionSources } from './readOptions.ts';
import { readOptions } from './readOptions.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-options-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function configFile(content: string): Promise<string> {
  const file = join(folder, 'serve.yaml');
  await writeFile(file, content);
  return file;
}

async function messageOf(sources: Partial<OptionSources>): Promise<string> {
  const error: unknown = await readOptions({ flags: {}, env: {}, ...sources }).catch(
    (thrown: unknown) => thrown,
  );
  return (error as Error).message.replaceAll(folder, '');
}

describe(readOptions, () => {
  it('prefers a flag to the environment, the environment to the file, the file to the defaults', async () => {
    const config = await configFile('models: file\nmax-sequences: 8\nclient-rate: 9\nsequence-idle-s: 10\n');
    const options = await readOptions({
      flags: { config, maxSequences: '6' },
      env: {
        ONDA_SERVE_MAX_SEQUENCES: '5',
        ONDA_SERVE_CLIENT_RATE: '7',
        ONDA_SERVE_GRPC_PORT: '',
        PATH: '/bin',
      },
    });
    expect(options).toMatchObject({
      models: 'file',
      maxSequences: 6,
      clientRate: 7,
      sequenceIdleS: 10,
      httpPort: 8000,
      grpcPort: undefined,
      grpcEngine: 'onda',
    });
  });

  it('finds the file by its variable, and reads JSON', async () => {
    const config = await configFile('{"models": "m", "json": true}');
    expect(await readOptions({ flags: {}, env: { ONDA_SERVE_CONFIG: config } })).toMatchObject({
      models: 'm',
      json: true,
    });
  });

  it.each<[name: string, sources: Partial<OptionSources>, message: string]>([
    [
      'a flag',
      { flags: { models: 'm', maxSequences: '0' } },
      '--max-sequences: expected a whole number from 1 to 10000000, got 0; correct it, or leave it out for 10000',
    ],
    [
      'a flag that is not a number',
      { flags: { models: 'm', grpcPort: '80x' } },
      '--grpc-port: expected a whole number from 0 to 65535, got "80x"; correct it',
    ],
    [
      'a variable',
      { env: { ONDA_SERVE_MODELS: 'm', ONDA_SERVE_PROVIDER: 'tpu' } },
      'ONDA_SERVE_PROVIDER: expected one of auto, cpu, cuda, got "tpu"; correct it, or leave it out for auto',
    ],
    [
      'a variable that is not a boolean',
      { env: { ONDA_SERVE_MODELS: 'm', ONDA_SERVE_JSON: 'yes' } },
      'ONDA_SERVE_JSON: expected true or false, got "yes"; correct it',
    ],
    [
      'an unknown variable',
      { env: { ONDA_SERVE_MODEL: 'm' } },
      'ONDA_SERVE_MODEL: unknown option; `npm run serve -- --help` lists all options',
    ],
    [
      'a password in a flag',
      { flags: { models: 'm', state: 'redis://:se/cret@host' } },
      '--state: expected a value without a password, since all users of the machine can read flags; use ONDA_SERVE_STATE or the file of --config',
    ],
    [
      'an address with a password, which is not repeated',
      { env: { ONDA_SERVE_MODELS: 'm', ONDA_SERVE_STATE: 'redis:/:secret@host' } },
      'ONDA_SERVE_STATE: expected memory, or redis://host:port, got a value with a password; correct it, or leave it out for memory',
    ],
    [
      'a missing option',
      {},
      '--models: expected a value, got none; give --models dir, ONDA_SERVE_MODELS, or models in the file of --config',
    ],
  ])('rejects %s in one sentence', async (_name, sources, message) => {
    expect(await messageOf(sources)).toBe(message);
  });

  it.each<[content: string, message: string]>([
    ['http-prt: 1', '/serve.yaml: http-prt: unknown option; `npm run serve -- --help` lists all options'],
    [
      'models: m\nmax-sequences: "8"',
      '/serve.yaml: max-sequences: expected a whole number from 1 to 10000000, got "8"; correct it, or leave it out for 10000',
    ],
    [
      '- a',
      '/serve.yaml: expected options and their values, got ["a"]; write lines such as "http-port: 8000"',
    ],
    [
      'a: [',
      '/serve.yaml: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 5; correct the file',
    ],
    ['a: &x [1]\nb: *x', '/serve.yaml: not YAML: Alias resolution is disabled; correct the file'],
  ])('rejects the file %j in one sentence', async (content, message) => {
    expect(await messageOf({ flags: { config: await configFile(content) } })).toBe(message);
  });

  it('rejects a file that does not exist', async () => {
    expect(await messageOf({ flags: { config: `${folder}/none` } })).toBe(
      '--config /none: the file cannot be read (ENOENT); name an existing file',
    );
  });
});
