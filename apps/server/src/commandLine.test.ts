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
      maxBatch: 256,
      batchDelayUs: 0,
      maxQueue: 1024,
      maxSequences: 10_000,
      sequenceIdleS: 60,
      sequenceAgeS: 86_400,
      json: false,
    });
  });

  it('takes every option', async () => {
    const ports = ['--http-port', '0', '--metrics-port', '0', '--grpc-port', '0'];
    const sequences = ['--max-sequences', '5', '--sequence-idle-s', '2', '--sequence-age-s', '3'];
    const batching = ['--max-batch', '8', '--batch-delay-us', '200', '--max-queue', '16'];
    const args = [
      '--models',
      'm',
      ...ports,
      '--host',
      '::1',
      '--provider',
      'cpu',
      ...batching,
      ...sequences,
      '--json',
    ];
    expect(await parse('serve', ...args)).toEqual({
      models: 'm',
      httpPort: 0,
      host: '::1',
      provider: 'cpu',
      grpcPort: 0,
      metricsPort: 0,
      maxBatch: 8,
      batchDelayUs: 200,
      maxQueue: 16,
      maxSequences: 5,
      sequenceIdleS: 2,
      sequenceAgeS: 3,
      json: true,
    });
  });
});
