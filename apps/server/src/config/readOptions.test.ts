import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOptions } from './readOptions.ts';
import type { OptionSources } from './readOptions.ts';

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
  it('takes a flag before the environment, the environment before the file, the file before the defaults', async () => {
    const config = await configFile('models: file\nmax-batch: 8\nmax-queue: 9\nsequence-idle-s: 10\n');
    const options = await readOptions({
      flags: { config, maxBatch: '6' },
      env: { ONDA_SERVE_MAX_BATCH: '5', ONDA_SERVE_MAX_QUEUE: '7', ONDA_SERVE_GRPC_PORT: '', PATH: '/bin' },
    });
    expect(options).toMatchObject({
      models: 'file',
      maxBatch: 6,
      maxQueue: 7,
      sequenceIdleS: 10,
      httpPort: 8000,
      grpcPort: undefined,
    });
  });

  it('finds the file by the environment, and reads JSON too', async () => {
    const config = await configFile('{"models": "m", "json": true}');
    expect(await readOptions({ flags: {}, env: { ONDA_SERVE_CONFIG: config } })).toMatchObject({
      models: 'm',
      json: true,
    });
  });

  it.each<[name: string, sources: Partial<OptionSources>, message: string]>([
    [
      'a flag',
      { flags: { models: 'm', maxBatch: '0' } },
      '--max-batch: expected a whole number from 1 to 1024, got 0; correct it, or leave it out for 256',
    ],
    [
      'a flag that is no number',
      { flags: { models: 'm', grpcPort: '80x' } },
      '--grpc-port: expected a whole number from 0 to 65535, got "80x"; correct it',
    ],
    [
      'a variable',
      { env: { ONDA_SERVE_MODELS: 'm', ONDA_SERVE_PROVIDER: 'tpu' } },
      'ONDA_SERVE_PROVIDER: expected one of auto, cpu, cuda, got "tpu"; correct it, or leave it out for auto',
    ],
    [
      'a variable that is no switch',
      { env: { ONDA_SERVE_MODELS: 'm', ONDA_SERVE_JSON: 'yes' } },
      'ONDA_SERVE_JSON: expected true or false, got "yes"; correct it',
    ],
    [
      'an unknown variable',
      { env: { ONDA_SERVE_MODEL: 'm' } },
      'ONDA_SERVE_MODEL: there is no such option; correct its name, `npm run serve -- --help` lists them',
    ],
    [
      'a password as a flag, however it is written',
      { flags: { models: 'm', state: 'redis://:se/cret@host' } },
      '--state: the value holds a password, which every user of the machine could read; give it by ONDA_SERVE_STATE or in the file of --config',
    ],
    [
      'an address with a password, of which it repeats nothing',
      { env: { ONDA_SERVE_MODELS: 'm', ONDA_SERVE_STATE: 'redis:/:secret@host' } },
      'ONDA_SERVE_STATE: expected memory, or redis://host:port, got something with a password; correct it, or leave it out for memory',
    ],
    [
      'what is missing',
      {},
      '--models: it is missing; give --models dir, ONDA_SERVE_MODELS, or models in the file of --config',
    ],
  ])('refuses %s in one sentence', async (_name, sources, message) => {
    expect(await messageOf(sources)).toBe(message);
  });

  it.each<[content: string, message: string]>([
    [
      'http-prt: 1',
      '/serve.yaml: http-prt: there is no such option; correct its name, `npm run serve -- --help` lists them',
    ],
    [
      'models: m\nmax-batch: "8"',
      '/serve.yaml: max-batch: expected a whole number from 1 to 1024, got "8"; correct it, or leave it out for 256',
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
  ])('refuses the file %j in one sentence', async (content, message) => {
    expect(await messageOf({ flags: { config: await configFile(content) } })).toBe(message);
  });

  it('refuses a file that is not there', async () => {
    expect(await messageOf({ flags: { config: `${folder}/none` } })).toBe(
      '--config /none: the file cannot be read (ENOENT); name one that is there',
    );
  });
});
