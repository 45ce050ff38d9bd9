import { describe, expect, it } from 'vitest';
import { createProgram } from './commandLine.ts';
import type { ServeOptions } from './serveCommand.ts';

async function parse(...args: string[]): Promise<ServeOptions | undefined> {
  let seen: ServeOptions | undefined;
  const program = createProgram((options) => {
    seen = options;
    return Promise.resolve();
  });
  await program.parseAsync(args, { from: 'user' });
  return seen;
}

// What it refuses, and with which exit code, is in test/commandLine.test.ts.
describe(createProgram, () => {
  it('listens on this machine alone unless told otherwise', async () => {
    expect(await parse('serve', '--models', 'models')).toEqual({
      models: 'models',
      httpPort: 8000,
      host: '127.0.0.1',
      provider: 'auto',
      json: false,
    });
  });

  it('takes every option', async () => {
    const args = ['--models', 'm', '--http-port', '0', '--host', '::1', '--provider', 'cpu', '--json'];
    expect(await parse('serve', ...args)).toEqual({
      models: 'm',
      httpPort: 0,
      host: '::1',
      provider: 'cpu',
      json: true,
    });
  });
});
