import { describe, expect, it } from 'vitest';
import { backendChoice, parseCommand } from './commandLine.mjs';

describe(backendChoice, () => {
  it.each([
    [undefined, 'auto'],
    ['', 'auto'],
    ['auto', 'auto'],
    ['wasm', 'wasm'],
    ['tensorflow', 'tensorflow'],
  ])('reads %s as %s', (value, choice) => {
    expect(backendChoice({ ONDA_BACKEND: value })).toBe(choice);
  });

  it('rejects another word', () => {
    expect(() => backendChoice({ ONDA_BACKEND: 'gpu' })).toThrow(
      'ONDA_BACKEND: expected tensorflow, wasm or auto, got "gpu"; unset it to use TensorFlow where it is available.',
    );
  });
});

describe(parseCommand, () => {
  it('reads flags, values in both forms and positionals', () => {
    expect(parseCommand(['setup', '--cuda'])).toEqual({
      name: 'setup',
      tests: false,
      cuda: true,
      json: false,
    });
    for (const args of [['--only', 'unit'], ['--only=unit']])
      expect(parseCommand(['test', ...args])).toMatchObject({ name: 'test', stages: [{ name: 'unit' }] });
    expect(parseCommand(['build', 'server', 'out', '--no-web'])).toEqual({
      name: 'build',
      app: 'server',
      folder: 'out',
      web: false,
    });
  });

  it('passes the arguments of an app or tool unchanged', () => {
    expect(parseCommand(['trainer', 'fit', '--help'])).toEqual({
      name: 'run',
      app: 'trainer',
      args: ['fit', '--help'],
    });
    expect(parseCommand(['start', '--x'])).toEqual({ name: 'start', args: ['--x'] });
  });

  it.each(['setup', 'test', 'build'])('has a help text for %s', (name) => {
    expect(parseCommand([name, '--help'])).toMatchObject({
      name: 'help',
      text: expect.stringMatching(/^npm (run|test)/) as string,
    });
  });

  it.each([
    ['--verbose', "Unknown option '--verbose'"],
    ['cuda', "Unexpected argument 'cuda'"],
    ['-c', "Unknown option '-c'"],
    ['--cuda=yes', "Option '--cuda' does not take an argument"],
  ])('rejects %s', (arg, reason) => {
    expect(() => parseCommand(['setup', arg])).toThrow(
      `npm run setup: ${reason}, expected options of --tests, --cuda, --json, --help; see npm run setup -- --help.`,
    );
  });

  it.each([[['--only']], [['--only', '--help']]])('rejects an option without its value: %j', (args) => {
    expect(() => parseCommand(['test', ...args])).toThrow(
      /^npm test: Option '--only( <value>)?' argument (missing|is ambiguous), expected options of --only, --help; see npm test -- --help\.$/,
    );
  });

  it('rejects a build with two folders', () => {
    expect(() => parseCommand(['build', 'server', 'a', 'b'])).toThrow(
      'npm run build:server: expected one folder, got ["a","b"]; see npm run build:server -- --help.',
    );
  });
});
