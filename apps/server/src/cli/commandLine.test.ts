import { describe, expect, it } from 'vitest';
import { createProgram } from './commandLine.ts';
import { flagName } from './readOptions.ts';
import type { ServeOptions } from './serveOptions.ts';
import { serveOptionList } from './serveOptions.ts';

async function parse(args: readonly string[], env = {}): Promise<ServeOptions | undefined> {
  let seen: ServeOptions | undefined;
  const program = createProgram((options) => {
    seen = options;
    return Promise.resolve();
  }, env);
  await program.parseAsync(args, { from: 'user' });
  return seen;
}

// Invalid arguments and exit codes are in test/commandLine.test.ts.
describe(createProgram, () => {
  it('listens on loopback by default', async () => {
    expect(await parse(['serve', '--models', 'models'])).toMatchObject({
      models: 'models',
      httpPort: 8000,
      grpcPort: undefined,
      grpcEngine: 'onda',
      metricsPort: undefined,
      host: '127.0.0.1',
      provider: 'auto',
      maxSequences: 10_000,
      json: false,
    });
  });

  it('reads options from flags and the environment', async () => {
    const options = await parse(['serve', '--http-port', '0', '--json'], {
      ONDA_SERVE_MODELS: 'm',
      ONDA_SERVE_HTTP_PORT: '1',
    });
    expect(options).toMatchObject({ models: 'm', httpPort: 0, json: true });
  });

  it('lists every option in its help', () => {
    const help = createProgram().commands[0].helpInformation();
    for (const [name] of serveOptionList) expect(help).toContain(`${flagName(name)} `);
  });
});
