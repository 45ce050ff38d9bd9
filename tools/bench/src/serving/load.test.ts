import { describe, expect, it } from 'vitest';
import { parseLoad, usualLoads } from './load.ts';

describe(parseLoad, () => {
  it('reads transport, form and connections', () => {
    expect(parseLoad('http-json-16')).toEqual({ name: 'http-json-16', form: 'http-json', connections: 16 });
    expect(usualLoads.map((name) => parseLoad(name).connections)).toEqual([
      ...[1, 16, 64, 1, 16, 64, 1, 16, 64],
      ...[1, 100, 1000, 1, 100, 1000],
    ]);
  });

  it.each(['http-16', 'grpc-0', 'grpc-16-1'])('refuses %s', (name) => {
    expect(() => parseLoad(name)).toThrow(
      `--works: expected loads such as http-json-16, grpc-64, sequences-1000 or steps-1000, got "${name}"; correct the name`,
    );
  });
});
