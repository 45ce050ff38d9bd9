import { describe, expect, it } from 'vitest';
import { readOptions } from './options.mjs';

const known = { switches: ['cuda', 'json'], values: ['only'] } as const;

describe(readOptions, () => {
  it('reads switches and values in both forms', () => {
    expect(readOptions('npm test', ['--cuda', '--only', 'unit'], known)).toEqual({
      switches: new Set(['cuda']),
      values: { only: 'unit' },
    });
    expect(readOptions('npm test', ['--only=unit,knip'], known).values.only).toBe('unit,knip');
  });

  it.each(['--verbose', 'cuda', '-c', '--cuda=yes'])('refuses %s', (arg) => {
    expect(() => readOptions('npm run setup', [arg], known)).toThrow(
      `npm run setup: unknown argument ${JSON.stringify(arg)}, expected one of --cuda, --json, --only; see npm run setup -- --help.`,
    );
  });

  it.each([[['--only']], [['--only', '--json']]])('refuses an option without its value', (args) => {
    expect(() => readOptions('npm test', args, known)).toThrow(
      'npm test: --only needs a value, as in --only NAME; see npm test -- --help.',
    );
  });
});
